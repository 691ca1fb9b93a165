# test_columns.py -- a new row that is built is what its class would make.
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import inspect
from sqlmodel import SQLModel

import models
from models import Conversation, Event, Task, UndoStep
from models.columns import build_row, list_defaults

OWNER, ROW = uuid4(), uuid4()
MADE = datetime(2026, 3, 1, tzinfo=UTC)
VALUES: list[tuple[type[SQLModel], dict[str, object]]] = [
    (Task, {"id": ROW, "user_id": OWNER, "title": "Buy milk", "created_at": MADE, "updated_at": MADE}),
    (
        Conversation,
        {"id": ROW, "user_id": OWNER, "account_id": OWNER, "created_at": MADE, "updated_at": MADE},
    ),
    (Event, {"type": "task.created", "audience_id": OWNER, "payload": {}, "created_at": MADE}),
    (
        UndoStep,
        {
            **{"user_id": OWNER, "change_id": ROW, "noun": "task", "row_id": ROW, "action": "created"},
            **{"state_after": {"title": "Buy milk"}, "created_at": MADE},
        },
    ),
]


@pytest.mark.parametrize(("table", "values"), VALUES)
def test_a_row_has_the_values_and_the_defaults_of_its_class(
    table: type[SQLModel], values: dict[str, object]
) -> None:
    built = build_row(table, **values)
    assert built.model_dump() == table(**values).model_dump()
    assert inspect(built).transient


def test_each_row_has_an_id_and_a_time_of_its_own() -> None:
    first, second = (build_row(Task, user_id=OWNER, title="Buy milk") for _ in range(2))
    assert first.id != second.id
    assert first.created_at <= second.created_at


def test_what_changes_in_a_row_is_noticed_as_in_any_other() -> None:
    task = build_row(Task, user_id=OWNER, title="Buy milk")
    task.user_id = ROW
    assert inspect(task).committed_state["user_id"] == OWNER


@pytest.mark.parametrize(
    ("values", "wrong"),
    [({"user_id": OWNER}, "title"), ({"user_id": OWNER, "title": "Buy milk", "titel": ""}, "titel")],
)
def test_a_name_too_many_or_too_few_is_refused(values: dict[str, object], wrong: str) -> None:
    with pytest.raises(TypeError, match=f"other columns: {wrong}$"):
        build_row(Task, **values)


def test_no_two_rows_share_a_value_that_can_be_changed() -> None:
    tables = [table for table in vars(models).values() if hasattr(table, "__table__")]
    assert tables
    for table in tables:
        for value in list_defaults(table)[0].values():
            hash(value)  # TypeError for a list or a dict

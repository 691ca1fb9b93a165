# test_rules.py -- every table has a rule that says whose its rows are.


import re
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import SQLModel, select

import access
import models
from access import RULES, SYSTEM, Caller
from db import Transaction
from support.api.isolation import Theirs
from support.servers import Person, Server, in_database

# Tables of which no person sees a row.
NOBODYS: set[type[SQLModel]] = {
    *(models.RefreshToken, models.RateLimit, models.EventCounter),
    *(models.OAuthClient, models.OAuthCode, models.OAuthToken),
}


# Tables with rows for all members of an account or a group, by the column that says of which one.
SHARED: dict[type[SQLModel], str] = {
    models.Account: "id",
    models.AccountMember: "account_id",
    models.AccountInvitation: "account_id",
    models.Agent: "account_id",
    models.ConversationParticipant: "account_id",
    models.Event: "audience_id",
    models.EventLogEntry: "audience_id",
    models.SearchEntry: "audience_id",
}


def tables() -> set[type[SQLModel]]:
    """Every table class that importing the models has made."""
    found: set[type[SQLModel]] = set()
    waiting: list[type[SQLModel]] = [SQLModel]
    while waiting:
        for child in waiting.pop().__subclasses__():
            waiting.append(child)
            if hasattr(child, "__table__") and child.__module__.partition(".")[0] == "models":
                found.add(child)
    return found


def test_every_table_has_a_rule() -> None:
    assert tables() == RULES.keys() == access.OWNERS.keys()
    assert {table.__table__.name for table in RULES} == set(SQLModel.metadata.tables)  # type: ignore[attr-defined]
    assert {getattr(models, name) for name in models.__all__} == RULES.keys()


def test_a_table_without_a_rule_can_neither_be_read_nor_written() -> None:
    class Diary(SQLModel):
        pass

    for caller in (Caller(uuid4(), None), SYSTEM):
        with pytest.raises(KeyError):
            access.visible_condition(caller, Diary)


@pytest.mark.parametrize(
    "table", sorted(RULES, key=lambda table: table.__name__), ids=lambda table: table.__name__
)
@pytest.mark.usefixtures("intruder")
def test_a_rule_shows_a_stranger_no_row_at_all(server: Server, theirs: Theirs, table: type[SQLModel]) -> None:
    """And to a person only rows that are the person's, whichever way one looks."""
    stranger = Caller(uuid4(), None)
    person = Caller(theirs.person.id, None)

    async def work(tx: Transaction) -> tuple[int, list[Any], list[Any]]:
        none = (await tx.execute(access.select(stranger, table))).all()
        mine = (await tx.execute(access.select(person, table))).scalars().all()
        everyones = (await tx.execute(select(table))).scalars().all()
        return len(none), list(mine), list(everyones)

    strangers, mine, everyones = in_database(server, work)
    assert strangers == 0
    owners = {
        getattr(row, "user_id", None) or getattr(row, "audience_id", None) or getattr(row, "id", None)
        for row in mine
    }
    if table in (models.RunEvent, models.Approval):
        own_runs = {theirs.ids[name] for name in ("<run>", "<asking run>", "<chat run>", "<group run>")}
        assert mine
        assert {str(row.run_id) for row in mine} <= own_runs
        assert len(mine) < len(everyones)
    elif table in SHARED:
        accounts = {str(theirs.person.id), theirs.ids["<account>"], theirs.ids["<group>"]}
        assert mine
        assert {str(getattr(row, SHARED[table])) for row in mine} <= accounts
        assert len(mine) < len(everyones)
    elif table in NOBODYS:
        assert mine == []
    else:
        assert owners == {theirs.person.id}
        assert len(mine) < len(everyones)


def test_a_missing_id_is_an_error_and_never_a_rule_for_what_is_nobodys() -> None:
    with pytest.raises(TypeError, match="an id is missing"):
        Caller(None, None)  # type: ignore[arg-type]
    nobody = Caller(uuid4(), None)
    object.__setattr__(nobody, "user_id", None)  # as if one had slipped past the check
    for table in RULES.keys() - NOBODYS:
        with pytest.raises(TypeError, match="an id is missing"):
            access.select(nobody, table)


@pytest.mark.parametrize("table", RULES, ids=lambda table: table.__name__)
def test_no_rule_compares_an_id_with_null(table: type[SQLModel]) -> None:
    for caller in (Caller(uuid4(), None), access.ANY_CALLER):
        assert not re.search(r"\b\w*id IS NULL", str(access.select(caller, table)))


def test_no_row_is_found_by_a_missing_id(server: Server, ann: Person) -> None:
    async def get_nothing(tx: Transaction) -> None:
        await access.get_row(tx, Caller(ann.id, None), models.Task, None)

    with pytest.raises(TypeError, match="an id is missing"):
        in_database(server, get_nothing)

# test_user_removal.py -- a user of many rows is marked, refused everywhere, and taken away a slice at a time.
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, insert
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel, col, select, update
from typer.testing import CliRunner

import cli
import routes.identity.me
from access import SYSTEM
from clock import utc_now
from db import Transaction
from models import Message, Run, RunEvent, Task, User
from services.accounts import user_removal
from settings import get_settings
from support.api.problems import problem_of
from support.api.sign_in import sign_in
from support.processes.server_process import forked
from support.servers import KEY, PASSWORD, Person, Server, in_database, serving, settings_for, wait_until

MANY = 40


def fill(server: Server, person: Person, many: int = MANY) -> None:
    """Rows of every kind, many of each that people make many of."""
    conversation = UUID(person.post("/v1/conversations", title="Long")["id"])
    person.post("/v1/me/tokens", name="A program", scopes=["read"])
    answer = person.chat("add buy milk")
    person.chat("delete buy milk", conversation_id=answer["conversation_id"])
    run_id, created = UUID(answer["run_id"]), utc_now() - timedelta(days=1)

    async def add(tx: Transaction) -> None:
        user, place = {"user_id": person.id}, {"conversation_id": conversation}
        words = [{**user, **place, "role": "user", "content": "x", "seq": n + 1} for n in range(many)]
        await tx.execute(insert(Message), words)
        await tx.execute(insert(Task), [{**user, "title": f"Task {n}"} for n in range(many)])
        line: dict[str, Any] = {"run_id": run_id, "type": "message.delta", "data": {}, "created_at": created}
        await tx.execute(insert(RunEvent), [{**line, "seq": 1_000 + n} for n in range(many)])

    in_database(server, add)


def rows_of(server: Server, person: Person) -> dict[str, int]:
    """How many rows of each table are the person's or name them."""

    async def count(tx: Transaction) -> dict[str, int]:
        found = {}
        for table in SQLModel.metadata.sorted_tables:
            rows = [str(tuple(row)) for row in await tx.execute(table.select())]
            found[table.name] = sum(str(person.id) in row or person.id.hex in row for row in rows)
        return {name: number for name, number in found.items() if number}

    return in_database(server, count)


@pytest.fixture
def leaving(server: Server, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Someone with many rows who has just asked to go; nothing is taken away before the test says so."""
    person = server.person()
    fill(server, person)

    async def nobody(*_: Any) -> list[UUID]:
        return []

    monkeypatch.setattr(user_removal, "find_deleted_users", nobody)
    monkeypatch.setattr(routes.identity.me, "MAX_SLICES", 0)
    person.delete("/v1/me")
    return person


@pytest.mark.also_on_mariadb
@pytest.mark.slow
def test_a_user_of_many_rows_goes_in_slices_and_nobody_comes_in_meanwhile(
    server: Server, leaving: Person
) -> None:
    assert rows_of(server, leaving)["messages"] >= MANY
    problem_of(leaving.http.get("/v1/me"), 401)
    token = {"refresh_token": leaving.tokens["refresh_token"]}
    problem_of(server.client().post("/v1/auth/refresh", json=token), 401)
    problem_of(sign_in(server, leaving.email), 401)
    problem_of(sign_in(server, f"{leaving.id}@deleted.invalid"), 401)
    again = server.sign_in(server.register(leaving.email))
    assert again.get("/v1/tasks")["data"] == []

    async def slice_(tx: Transaction) -> bool:
        return await user_removal.delete_user_slice(tx, SYSTEM, leaving.id, 25)

    sizes, before = [], sum(rows_of(server, leaving).values())
    while in_database(server, slice_):
        after = sum(rows_of(server, leaving).values())
        sizes.append(before - after)
        before = after
    assert len(sizes) >= 3 * MANY // 25
    assert max(sizes) <= 2 * 25 + 10, "what hangs on a row goes with it, as its search entry does"
    assert rows_of(server, leaving) == {}
    assert again.get("/v1/me")["email"] == leaving.email


@pytest.mark.busy
def test_runs_of_a_user_who_goes_are_over(server: Server, leaving: Person) -> None:
    async def look(tx: Transaction) -> set[str]:
        return set((await tx.execute(select(Run.status).where(Run.user_id == leaving.id))).scalars())

    assert in_database(server, look) == {"completed", "cancelled"}


@pytest.mark.engines("sqlite")
@pytest.mark.busy
def test_the_operator_finds_no_user_who_goes(
    server: Server, leaving: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", server.settings.database_url.get_secret_value())
    monkeypatch.setenv("SECRET_KEY", KEY)
    get_settings.cache_clear()
    for email in (leaving.email, f"{leaving.id}@deleted.invalid"):
        done = CliRunner().invoke(cli.app, ["user", "reset-password", email], input=f"{PASSWORD}\n")
        assert done.exit_code == 1
    made = CliRunner().invoke(cli.app, ["user", "create", leaving.email], input=f"{PASSWORD}\n")
    assert made.exit_code == 0
    assert sign_in(server, leaving.email).status_code == 200


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_history_is_kept_from_whoever_is_not_leaving(server: Server, leaving: Person) -> None:
    stays = server.person()
    fill(server, stays, 2)

    async def take_one(tx: Transaction, user_id: UUID) -> int:
        mine = select(Message.id).where(Message.user_id == user_id).limit(1)
        found = list((await tx.execute(mine)).scalars())
        await tx.execute(delete(Message).where(col(Message.id).in_(found)))
        return len(found)

    with pytest.raises(DBAPIError, match="only added"):
        in_database(server, lambda tx: take_one(tx, stays.id))
    assert in_database(server, lambda tx: take_one(tx, leaving.id)) == 1


@pytest.mark.busy
def test_sql_still_takes_a_user_along_with_all_that_is_theirs(server: Server) -> None:
    person = server.person()
    fill(server, person, 2)

    async def take(tx: Transaction) -> None:
        await tx.execute(delete(User).where(col(User.id) == person.id))

    in_database(server, take)
    assert rows_of(server, person) == {}


@pytest.mark.slow
def test_a_removal_that_is_killed_half_way_is_finished_by_the_next_start(tmp_path: Path) -> None:
    settings = settings_for(f"sqlite:///{tmp_path / 'parley.db'}")
    many = 12_000
    with serving(settings) as server:
        person = server.person()
        fill(server, person, 2)

    async def mark(tx: Transaction) -> None:
        await tx.execute(insert(Task), [{"user_id": person.id, "title": "x"} for _ in range(many)])
        change = {"deleted_at": utc_now(), "email": "gone@deleted.invalid"}
        await tx.execute(update(User).where(col(User.id) == person.id).values(change))

    async def left(tx: Transaction) -> int:
        return int((await tx.execute(select(func.count()).select_from(Task))).scalar_one())

    in_database(server, mark)
    environment = {"DATABASE_URL": settings.database_url.get_secret_value(), "SECRET_KEY": KEY}
    with forked(tmp_path, **environment) as worker:
        wait_until(lambda: in_database(server, left) < many)
        worker.process.send_signal(signal.SIGKILL)
        worker.process.wait()
    assert in_database(server, left) > 0, "it was killed too late to tell anything"
    with serving(settings) as server:
        wait_until(lambda: in_database(server, left) == 0)
        wait_until(lambda: rows_of(server, person) == {})

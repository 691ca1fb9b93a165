# test_slots.py -- the places of a worker: how many runs at once, and that nobody's queue stands before another's.
import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, event, text

from access import Caller
from agent.context import AgentContext
from agent.leases import MAX_STATEMENTS, NO_ID, Lease, find_waiting_runs, release_lease, renew_leases
from agent.run_limits import RunLimits
from agent.slots import HeldSlot, Pauses, Slots
from clock import utc_now
from db import Transaction
from models import Conversation, Run, User
from storage.dialects import read_clock
from storage.schema.bootstrap import bootstrap
from streaming.notifier import Notifier
from support.databases.unchecked import open_unchecked
from support.llm.scripted_model import ScriptedModel
from support.servers import Person, Server, in_database, serving, settings_for, wait_until

STREAM = {"Accept": "text/event-stream"}


def asks(person: Person) -> str:
    """The id of a run that is left to itself."""
    with person.http.stream("POST", "/v1/chat", json={"message": "hello"}, headers=STREAM) as answer:
        assert answer.status_code == 200
        return answer.headers["X-Run-ID"]


def statuses(server: Server) -> dict[str, list[str]]:
    """Of every person the states of their runs."""

    async def read(tx: Transaction) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for row in await tx.execute(text("SELECT user_id, status FROM runs ORDER BY created_at")):
            found.setdefault(UUID(str(row.user_id)).hex, []).append(row.status)
        return found

    return in_database(server, read)


@pytest.mark.also_on_mariadb
@pytest.mark.slow
def test_four_people_with_six_slow_runs_each_do_not_make_the_fifth_wait(
    new_database: Callable[[str], str], engine_name: str
) -> None:
    gate = threading.Event()
    model = ScriptedModel()
    model.otherwise = [gate, "OK."]
    with serving(settings_for(new_database(engine_name), runs_per_worker=16), model) as server:
        for _ in range(4):
            person = server.person()
            for _ in range(6):
                asks(person)
        running = [states.count("running") for states in statuses(server).values()]
        wait_until(lambda: len(model.requests) == len(server.state.worker._running))
        assert len(running) == 4
        fifth = server.person()
        model.answers = [["At once."]]
        assert fifth.chat("hello")["message"]["content"] == "At once."
        assert len(server.state.worker._running) <= 16
        gate.set()
        wait_until(
            lambda: {state for states in statuses(server).values() for state in states} == {"completed"}
        )


@pytest.mark.busy
def test_the_workers_limit_is_never_overshot_and_who_waits_comes_in_turn(
    new_database: Callable[[str], str], engine_name: str
) -> None:
    gate = threading.Event()
    model = ScriptedModel()
    model.otherwise = [gate, "OK."]
    most = 0

    async def respond(request: Any) -> Any:
        nonlocal most
        most = max(most, len(server.state.worker._running))
        async for said in ScriptedModel.respond(model, request):
            yield said

    model.respond = respond  # type: ignore[method-assign]
    with serving(settings_for(new_database(engine_name), runs_per_worker=4), model) as server:
        people = [server.person() for _ in range(3)]
        for person in people:
            for _ in range(4):
                asks(person)
        wait_until(lambda: len(model.requests) == 3)
        assert sorted(states.count("running") for states in statuses(server).values()) == [1, 1, 1]
        gate.set()
        wait_until(
            lambda: {state for states in statuses(server).values() for state in states} == {"completed"}
        )
    assert most <= 4


def test_a_user_takes_a_part_of_what_is_free_and_the_first_place_always() -> None:
    slots, ann, bob = Slots(8), uuid4(), uuid4()

    def takes(user_id: UUID) -> bool:
        run_id, work = uuid4(), HeldSlot()
        slots[run_id] = work
        if slots.may_take(work, user_id):
            return True
        del slots[run_id]
        return False

    assert [takes(ann) for _ in range(4)] == [True, True, True, False]
    assert slots.users_at_limit() == {ann}
    assert all(takes(uuid4()) for _ in range(4))
    assert (slots.free, takes(ann), takes(bob)) == (1, False, True)
    assert slots.free == 0


async def add_runs(tx: Transaction, people: int, each: int, conversations: int = 1) -> list[UUID]:
    """Queued runs, as many for each person, spread over their conversations."""
    users = [User(email=f"{uuid4()}@example.com", password_hash="x") for _ in range(people)]
    tx.add_all(users)
    await tx.flush()
    for user in users:
        opened = [Conversation(user_id=user.id, account_id=user.id, title="x") for _ in range(conversations)]
        tx.add_all(opened)
        await tx.flush()
        tx.add_all(
            Run(conversation_id=opened[n % conversations].id, user_id=user.id, trigger_seq=n + 1)
            for n in range(each)
        )
    await tx.flush()
    return [user.id for user in users]


def in_own_database(url: str, work: Callable[[AgentContext], Any]) -> Any:
    async def run() -> Any:
        db = open_unchecked(url)
        try:
            await bootstrap(db.engine)
            return await work(AgentContext(db, Notifier(), ScriptedModel(), RunLimits(lease_seconds=15)))
        finally:
            await db.close()

    return asyncio.run(run())


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_a_look_takes_each_users_turn_after_the_others_and_goes_on_where_it_ended(
    new_database: Callable[[str], str], engine_name: str
) -> None:
    async def check(assistant: AgentContext) -> None:
        db = assistant.db
        [greedy] = await db.write(add_runs, 1, 30, 30)
        others = set(await db.write(add_runs, 30, 1))
        counted: list[str] = []
        seen: list[UUID] = []
        last = NO_ID
        for _ in range(3):
            event.listen(db.engine.sync_engine, "before_cursor_execute", note := count_statement(counted))
            found = await db.read(find_waiting_runs, assistant, last, set(), 100)
            event.remove(db.engine.sync_engine, "before_cursor_execute", note)
            last = found.last
            users = [await db.read(user_of, run_id) for run_id in found.run_ids]
            first = users[: len(set(users))]
            assert len(set(first)) == len(first), "somebody's second run before another's first"
            seen += users
        assert others <= set(seen)
        assert seen.count(greedy) >= 10
        assert len(counted) < 3 * (MAX_STATEMENTS + 20)
        without = await db.read(find_waiting_runs, assistant, NO_ID, {greedy}, 100)
        assert greedy not in [await db.read(user_of, run_id) for run_id in without.run_ids]
        few = await db.read(find_waiting_runs, assistant, NO_ID, set(), 1)
        assert len({await db.read(user_of, run_id) for run_id in few.run_ids}) == 1

    in_own_database(new_database(engine_name), check)


async def user_of(tx: Transaction, run_id: UUID) -> UUID:
    run = await tx.get_one(Run, run_id)
    return run.user_id


@pytest.mark.busy
def test_a_look_costs_the_same_however_long_one_users_queue_is(
    new_database: Callable[[str], str], engine_name: str
) -> None:
    if engine_name != "sqlite":
        pytest.skip("SQLite counts the steps of its machine; the plans of the others are in the next test")

    async def steps(assistant: AgentContext) -> int:
        counted = 0

        def count() -> int:
            nonlocal counted
            counted += 1
            return 0

        async def look(tx: Transaction) -> None:
            driver = (await (await tx.connection()).get_raw_connection()).driver_connection
            assert driver is not None
            await driver.set_progress_handler(count, 10)
            await find_waiting_runs(tx, assistant, NO_ID, set(), 100)
            await driver.set_progress_handler(None, 0)

        await assistant.db.read(look)
        return counted

    async def check(assistant: AgentContext) -> None:
        await assistant.db.write(add_runs, 1, 10)
        short = await steps(assistant)
        await assistant.db.write(lengthen, 4_000)
        assert await steps(assistant) <= short * 2

    in_own_database(new_database(engine_name), check)


async def lengthen(tx: Transaction, number: int) -> None:
    [run] = (await tx.execute(text("SELECT id, conversation_id, user_id FROM runs LIMIT 1"))).all()
    ids = {"conversation_id": UUID(str(run.conversation_id)), "user_id": UUID(str(run.user_id))}
    tx.add_all(Run(**ids, trigger_seq=100 + n) for n in range(number))
    await tx.flush()


@pytest.mark.also_on_mariadb
def test_leases_are_renewed_together_and_a_lost_one_is_named(
    new_database: Callable[[str], str], engine_name: str
) -> None:
    counted: list[str] = []

    async def check(assistant: AgentContext) -> None:
        db = assistant.db
        await db.write(add_runs, 1, 5)

        async def begin(tx: Transaction) -> list[Lease]:
            moment = await read_clock(tx)
            rows = (await tx.execute(text("SELECT id, user_id FROM runs ORDER BY trigger_seq"))).all()
            claims = []
            for row in rows:
                run = await tx.get_one(Run, UUID(str(row.id)))
                run.status, run.lease_expires_at = "running", moment + timedelta(seconds=1)
                claims.append(Lease(Run(**run.model_dump()), Caller(run.user_id, None)))
            return claims

        claims = await db.write(begin)
        await db.write(release_lease, claims[3])
        sync = db.engine.sync_engine
        event.listen(sync, "before_cursor_execute", count_statement(counted))
        lost = await db.write(renew_leases, assistant, claims)
        assert lost == [claims[3]]
        renewed = [await db.read(lease_of, claim.run_id) for claim in claims]
        assert [lease is not None and lease > utc_now() + timedelta(seconds=10) for lease in renewed] == [
            True, True, True, False, True
        ]  # fmt: skip

    in_own_database(new_database(engine_name), check)
    assert len([line for line in counted if line.startswith("UPDATE")]) <= 4


def count_statement(counted: list[str]) -> Callable[..., None]:
    def note(connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
        counted.append(statement)

    return note


async def lease_of(tx: Transaction, run_id: UUID) -> Any:
    run = await tx.get_one(Run, run_id)
    return run.lease_expires_at


def test_what_cannot_be_claimed_waits_longer_each_time() -> None:
    async def check() -> None:
        pauses, run_id = Pauses(1.0), uuid4()
        waits = [pauses.add_failure(run_id)[1] for _ in range(12)]
        assert waits[:4] == [2, 4, 8, 16]
        assert waits[-1] == 300
        assert pauses.is_paused(run_id)
        assert not pauses.is_paused(uuid4())
        pauses.forget(run_id)
        assert not pauses.is_paused(run_id)

    asyncio.run(check())

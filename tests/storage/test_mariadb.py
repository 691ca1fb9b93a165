# test_mariadb.py -- what MariaDB does in its own way, and what must not be seen of it.
import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, insert, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from access import SYSTEM, Caller
from agent.leases import claim_run
from app_state import build_app_state
from db import Database
from errors import ParleyError
from models import Conversation, Message, Run, Task, User
from models.message import ChatCreate
from pagination import Page
from services import messages, tasks
from services.accounts import user_removal
from services.run_posting import post_message
from services.tasks import TaskFilter
from settings import SettingsError
from storage import mariadb
from storage.schema.bootstrap import bootstrap
from storage.schema.revisions import METADATA
from support.databases.mariadb import MariaDBServer
from support.databases.table_rows import add_user
from support.databases.unchecked import open_unchecked
from support.llm.scripted_model import ScriptedModel
from support.servers import settings_for, with_database
from timings import Timings

T = TypeVar("T")
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)


@pytest.fixture(scope="module")
def url(mariadb: MariaDBServer) -> str:
    """Shared by the tests here: make people of your own. The database's defaults are not what we need."""
    made = mariadb.url(mariadb.create_database("CHARACTER SET latin1"))
    with_database(made, lambda db: bootstrap(db.engine))
    return made


async def add_caller(tx: Any) -> Caller:
    return Caller((await add_user(tx)).id, None)


async def listed(db: Database, caller: Caller, wanted: TaskFilter, limit: int = 50) -> list[Any]:
    """All pages, one after the other."""
    items: list[Any] = []
    cursor = None
    while True:
        page = json.loads(await tasks.list_tasks(db, caller, wanted, Page(limit, cursor)))
        items += page["data"]
        if (cursor := page["next_cursor"]) is None:
            return items


# Tables


def test_tables_do_not_depend_on_the_defaults_of_the_server_or_the_database(
    mariadb: MariaDBServer, url: str
) -> None:
    name = url.rpartition("/")[2].partition("?")[0]
    tables, columns = mariadb.run(
        f"SELECT engine, table_collation FROM tables WHERE table_schema = '{name}'",
        f"SELECT table_name, column_name, column_type, collation_name FROM columns WHERE table_schema = '{name}'",
    )
    assert set(tables) == {("InnoDB", "utf8mb4_nopad_bin")}
    assert len(tables) == len(METADATA.tables) + 1
    # JSON is a LONGTEXT with a check, in the collation that MariaDB gives it.
    assert {row[3] for row in columns} == {"utf8mb4_nopad_bin", "utf8mb4_bin", None}
    assert {row[:2] for row in columns if row[3] == "utf8mb4_bin"} == {
        ("messages", "tool_calls"),
        ("messages", "query_attempts"),
        ("messages", "choices"),
        ("agents", "tools"),
        ("run_events", "data"),
        ("approvals", "arguments"),
        ("approvals", "shown"),
        ("events", "payload"),
        ("event_counter", "missing"),
        ("kept_parts", "content"),
        ("import_rows", "state_after"),
        ("import_rows", "state_before"),
        ("undo_steps", "state_before"),
        ("undo_steps", "state_after"),
    }
    types = {str(row[2]) for row in columns}
    assert not any(type_.startswith(("text", "char", "timestamp")) or type_ == "datetime" for type_ in types)
    assert {"uuid", "longtext", "datetime(6)"} <= types


def test_what_is_inserted_by_hand_elsewhere_in_the_world_is_dated_in_utc(url: str) -> None:
    async def by_hand(tx: Any) -> User:
        await tx.execute(text("SET time_zone = '+11:00'"))
        email = uuid4().hex
        await tx.execute(text(f"INSERT INTO users (email, password_hash) VALUES ('{email}', 'x')"))
        await tx.execute(text("SET time_zone = '+00:00'"))
        user: User = (await tx.execute(select(User).where(col(User.email) == email))).scalar_one()
        return user

    user = with_database(url, lambda db: db.write(by_hand))
    assert abs(user.created_at - datetime.now(UTC)) < timedelta(seconds=20)


@pytest.mark.parametrize("version", ["8.4.3", "10.6.18-MariaDB"])
def test_a_server_that_cannot_work_is_refused_with_one_line(
    url: str, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        mariadb.ParleyMariaDBDialect,
        "_get_server_version_info",
        lambda self, _: self._parse_server_version(version),
    )

    with pytest.raises(SettingsError, match=r"Parley needs (MariaDB|10\.11 or newer)"):
        with_database(url, lambda db: db.write(add_caller))


# Values


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("jose", "josé"),
        ("Ann", "ann"),
        ("ann", "ann "),
        ("strasse", "straße"),
        ("😀", "😁"),
        ("é", "e\u0301"),
    ],
)
def test_emails_that_differ_are_two(url: str, one: str, other: str) -> None:
    unique = uuid4().hex

    async def both(tx: Any) -> list[str]:
        names = [f"{unique}{name}" for name in (one, other)]
        tx.add_all([User(email=name, password_hash="x") for name in names])
        await tx.flush()
        return [
            (await tx.execute(select(col(User.email)).where(col(User.email) == n))).scalar_one()
            for n in names
        ]

    assert with_database(url, lambda db: db.write(both)) == [f"{unique}{one}", f"{unique}{other}"]


async def exchange(tx: Any, content: str, tool_calls: list[dict[str, Any]] | None) -> tuple[Caller, UUID]:
    """A message of a person and the agent's answer to it."""
    caller = await add_caller(tx)
    conversation = Conversation(user_id=caller.user_id, account_id=caller.user_id)
    tx.add(conversation)
    await tx.flush()
    run = Run(conversation_id=conversation.id, user_id=caller.user_id, trigger_seq=1)
    tx.add(run)
    await tx.flush()
    about = {
        "conversation_id": conversation.id,
        "user_id": caller.user_id,
        "run_id": run.id,
        "content": content,
    }
    tx.add(Message(**about, role="user", seq=1, created_at=MOMENT))
    tx.add(Message(**about, role="agent", seq=2, tool_calls=tool_calls, created_at=MOMENT))
    await tx.flush()
    return caller, conversation.id


@pytest.mark.parametrize(
    "content", ["😀" * 32_000, 'a "quoted" \\ back\\\\slash \n\t % %s :x ? 100%', "\u2028\x7f\x01é"]
)
def test_a_message_is_kept_as_it_was_and_listed_as_it_is_alone(url: str, content: str) -> None:
    call = {
        "id": "1",
        "name": "add_task",
        "arguments": {"title": content},
        "result": {"n": None, "π": [1.5, ""]},
    }
    calls = [{**call, "error": None, "started_at": None, "finished_at": None}]

    async def work(db: Database) -> tuple[list[Any], list[Any]]:
        caller, conversation_id = await db.write(exchange, content, calls)
        together = json.loads(await messages.list_messages(db, caller, conversation_id, Page()))["data"]
        alone = [await db.read(messages.get_message, caller, UUID(item["id"])) for item in together]
        return together, [json.loads(item.model_dump_json()) for item in alone]

    together, alone = with_database(url, work)
    assert together == alone
    assert [item["content"] for item in together] == [content, content]
    assert [item["tool_calls"] for item in together] == [None, calls]
    assert {item["created_at"] for item in together} == {"2026-01-02T03:04:05.678901Z"}


def test_no_tool_calls_are_null_in_the_database_and_not_the_json_of_it(url: str) -> None:
    async def kinds(tx: Any) -> list[Any]:
        _, conversation_id = await exchange(tx, "x", [])
        sql = text(
            "SELECT tool_calls IS NULL, tool_calls FROM messages WHERE conversation_id = :id ORDER BY seq"
        )
        return [tuple(row) for row in await tx.execute(sql, {"id": str(conversation_id)})]

    assert with_database(url, lambda db: db.write(kinds)) == [(1, None), (0, "[]")]


@pytest.mark.parametrize(
    ("title", "q"),
    [
        ("Äpfel holen", "äPFEL"),
        ("ΣΊΣΥΦΟΣ", "σίσυφ"),
        ("ЁЛКА", "ёлка"),
        ("50% off", "0% O"),
        ("a_b", "A_B"),
        ("c:\\temp", "\\TEMP"),
        ("a/b", "A/B"),
    ],
)
def test_words_are_found_in_any_case_and_signs_stand_for_themselves(url: str, title: str, q: str) -> None:
    async def work(db: Database) -> list[str]:
        caller = await db.write(add_caller)
        others = [
            Task(user_id=caller.user_id, title=name)
            for name in (title, "apfel", "50 of", "aXb", "c:temp", "ab")
        ]

        async def add(tx: Any) -> None:
            tx.add_all(others)

        await db.write(add)
        return [item["title"] for item in await listed(db, caller, TaskFilter(q=q))]

    assert with_database(url, work) == [title]


# Lists


def test_a_page_reads_no_more_rows_than_it_shows_and_ties_are_neither_lost_nor_doubled(url: str) -> None:
    """However many tasks a person has, and although three of them are of the same microsecond each."""

    async def add(tx: Any, caller: Caller) -> None:
        rows = [
            {"user_id": caller.user_id, "title": "x", "created_at": MOMENT + timedelta(seconds=number // 3)}
            for number in range(1_500)
        ]
        await tx.execute(insert(Task), rows)

    async def rows_read(tx: Any, sql: str, values: Any) -> int:
        await tx.execute(text("FLUSH STATUS"))
        await (await tx.connection()).exec_driver_sql(sql, values)
        counts = (await tx.execute(text("SHOW SESSION STATUS LIKE 'Handler_read%'"))).all()
        return sum(int(count) for _, count in counts)

    async def work(db: Database) -> tuple[list[str], list[int]]:
        caller = await db.write(add_caller)
        await db.write(add, caller)
        said: list[tuple[str, Any]] = []
        listen(db, said)
        ids = [item["id"] for item in await listed(db, caller, TaskFilter(), limit=50)]
        pages = [entry for entry in said if "FROM tasks" in entry[0]]
        return ids, [await db.read(rows_read, *page) for page in (pages[0], pages[1], pages[15], pages[29])]

    ids, counts = with_database(url, work)
    assert len(ids) == len(set(ids)) == 1_500
    assert max(counts) < 110


def listen(db: Database, said: list[tuple[str, Any]]) -> None:
    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        said.append((statement, parameters))

    event.listen(db.engine.sync_engine, "before_cursor_execute", note)


# Many at once


def test_a_deadlock_is_run_anew_as_a_whole(url: str) -> None:
    """Two transactions lock two people in opposite order: one is given up, and begins again from the start."""
    begun: list[int] = []

    async def cross(tx: Any, here: Caller, there: Caller, met: asyncio.Barrier) -> None:
        begun.append(1)
        await tx.get(User, here.user_id, with_for_update=True)
        if len(begun) <= 2:
            await met.wait()
        other = await tx.get(User, there.user_id, with_for_update=True)
        other.display_name = (other.display_name or "") + "x"

    async def work(db: Database) -> list[str | None]:
        ann, bob = await db.write(add_caller), await db.write(add_caller)
        met = asyncio.Barrier(2)
        await asyncio.gather(db.write(cross, ann, bob, met), db.write(cross, bob, ann, met))
        return [(await db.read(lambda tx, c=c: tx.get(User, c.user_id))).display_name for c in (ann, bob)]

    assert with_database(url, work) == ["x", "x"]
    assert len(begun) == 3


def test_a_lock_that_is_held_too_long_is_waited_for_again(url: str) -> None:
    """For a second, that is, of the three that a request waits for locks."""
    tries: list[int] = []

    async def lock(tx: Any, caller: Caller) -> None:
        tries.append(1)
        await tx.get(User, caller.user_id, with_for_update=True)

    async def work(db: Database) -> None:
        caller = await db.write(add_caller)
        async with db.transaction() as tx:
            await tx.get(User, caller.user_id, with_for_update=True)
            waiting = asyncio.create_task(db.write(lock, caller))
            await asyncio.sleep(1.5)
        await waiting

    with_database(url, work)
    assert len(tries) == 2


def test_eight_workers_that_claim_one_run_give_it_to_one(url: str) -> None:
    async def work(db: Database) -> list[Any]:
        caller = await db.write(add_caller)
        run_id = (await post_message(db, caller, ChatCreate(message="hello"), 100)).run.id
        state = build_app_state(settings_for(url), Timings(), ScriptedModel())
        try:
            assistant = state.worker.context
            return await asyncio.gather(*[state.db.write(claim_run, assistant, run_id) for _ in range(8)])
        finally:
            await state.db.close()

    claims = [claim for claim in with_database(url, work) if claim is not None]
    assert [claim.epoch for claim in claims] == [1]


def test_one_message_sent_eight_times_into_eight_new_conversations_is_stored_once(url: str) -> None:
    """The losers wait on the same key of an index; none of them may end in an error that reaches the caller.

    More than once, because the first time they meet less: each opens its connection.
    """

    async def work(db: Database) -> list[tuple[int, int]]:
        found = []
        for _ in range(3):
            caller = await db.write(add_caller)
            new = ChatCreate(message="hello", client_id="mine")
            posted = await asyncio.gather(*[post_message(db, caller, new, 100) for _ in range(8)])
            mine = select(Conversation).where(col(Conversation.user_id) == caller.user_id)
            rows = (await db.read(lambda tx, mine=mine: tx.execute(mine))).all()
            found.append((len({each.run.id for each in posted}), len(rows)))
        return found

    assert with_database(url, work) == [(1, 1)] * 3


def test_writers_in_one_conversation_get_seqs_without_a_gap(url: str) -> None:
    async def work(db: Database) -> list[int]:
        caller = await db.write(add_caller)
        first = await post_message(db, caller, ChatCreate(message="first"), 100)
        new = ChatCreate(message="more", conversation_id=first.run.conversation_id)
        posted = await asyncio.gather(*[post_message(db, caller, new, 100) for _ in range(12)])
        return sorted(each.run.trigger_seq for each in posted)

    assert with_database(url, work) == list(range(2, 14))


async def leave(db: Database, caller: Caller) -> None:
    await db.write(user_removal.mark_user_deleted, caller)
    while await db.write(user_removal.delete_user_slice, SYSTEM, caller.user_id, 2):
        pass


def test_deleting_a_person_who_is_being_written_to_never_ends_in_a_deadlock(url: str) -> None:
    """What is not retried enough would come out here; that the person is gone is no error of ours."""

    async def work(db: Database) -> list[Any]:
        async def once() -> list[Any]:
            caller = await db.write(add_caller)
            chats = [post_message(db, caller, ChatCreate(message="hello"), 100) for _ in range(6)]
            return await asyncio.gather(*chats, leave(db, caller), return_exceptions=True)

        return [answer for _ in range(6) for answer in await once()]

    answers = with_database(url, work)
    assert [
        answer for answer in answers if isinstance(answer, Exception) and not isinstance(answer, ParleyError)
    ] == []


# Connections


def test_a_connection_that_the_server_has_closed_is_replaced_unseen(url: str) -> None:
    async def connection_id(tx: Any) -> int:
        number: int = (await tx.execute(text("SELECT connection_id()"))).scalar_one()
        return number

    async def kill(tx: Any, number: int) -> None:
        await tx.execute(text(f"KILL {number}"))

    async def work(db: Database) -> tuple[int, int]:
        before = await db.read(connection_id)
        killer = open_unchecked(url)
        try:
            await killer.write(kill, before)
        finally:
            await killer.close()
        return before, await db.read(connection_id)

    before, after = with_database(url, work)
    assert before != after


def test_a_session_is_strict_in_utc_and_reads_what_is_committed(url: str) -> None:
    async def settings(tx: Any) -> tuple[Any, ...]:
        sql = "SELECT @@time_zone, @@tx_isolation, @@sql_mode LIKE '%STRICT_ALL_TABLES%', @@character_set_connection"
        return tuple((await tx.execute(text(sql))).one())

    async def too_long(tx: Any) -> None:
        await tx.execute(text("INSERT INTO rate_limits VALUES (REPEAT('x', 65), 1, '2026-01-01')"))

    assert with_database(url, lambda db: db.read(settings)) == ("+00:00", "READ-COMMITTED", 1, "utf8mb4")
    with pytest.raises(DBAPIError, match="too long"):
        with_database(url, lambda db: db.write(too_long))

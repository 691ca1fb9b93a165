# test_running.py -- an import from its first byte to its report, whatever happens in between.
import asyncio
import json
import tracemalloc
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event

import main
from access import SignedInCaller
from db import RetryTransaction, Transaction
from errors import DatabaseBusy
from identity import sessions
from imports import branches, running
from imports.chats import ChatReader
from imports.formats import open_reader
from imports.items import NewRow, NewTask, Source
from imports.report import Report
from imports.running import BATCH_ROWS, MOST_PROGRESS_LINES, Import
from imports.storing import Stored, store_rows
from models.task import TaskCreate
from routes.identity import transfers
from services.tasks import new_task
from services.undo.import_rows import ImportId
from support.api.problems import problem_of
from support.servers import Person, Server, connected, serving, settings_for, wait_until
from support.transfers.files import chain, chatgpt_chat, chatgpt_message, grow_chats, talk, to_file
from support.transfers.imports import counts_of, import_file, left_out, said_in, send_file

IMPORT = ImportId(uuid4(), "chatgpt")
LONG = [f"Word {number}" for number in range(3 * BATCH_ROWS)]


def caller_of(person: Person) -> SignedInCaller:
    [session] = person.get("/v1/me/sessions")["data"]
    return SignedInCaller(person.id, UUID(session["id"]))


def read_rows(file: bytes) -> list[NewRow]:
    return list(ChatReader(Report("chatgpt")).feed(file))


async def give(*chunks: bytes) -> AsyncGenerator[bytes, None]:
    for chunk in chunks:
        yield chunk


async def follow(start: bytes, chunks: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
    yield start
    for chunk in chunks:
        yield chunk


async def next_line(lines: AsyncGenerator[bytes, None]) -> bytes:
    return await anext(lines, b"")


def titles(person: Person) -> list[str]:
    return [each["title"] for each in person.get("/v1/conversations", limit=200)["data"]]


@pytest.mark.also_on_mariadb
def test_the_same_file_twice_makes_nothing_new(ann: Person) -> None:
    file = to_file(talk(*LONG), talk("One", "Two", id="c-2", conversation_id="c-2", title="Trips"))
    assert counts_of(import_file(ann, file)) == ([0, 2, len(LONG) + 2], [0, 0, 0])
    before = ann.http.get("/v1/conversations").content
    assert counts_of(import_file(ann, file)) == ([0, 0, 0], [0, 2, len(LONG) + 2])
    assert ann.http.get("/v1/conversations").content == before
    spoken = zip(["user", "agent"] * len(LONG), LONG, strict=False)
    assert said_in(ann, "Cakes") == list(spoken)[:200]


@pytest.mark.also_on_mariadb
def test_two_imports_at_once_make_each_row_once(server: Server, ann: Person) -> None:
    rows, caller = read_rows(to_file(talk(*LONG[:50]))), caller_of(ann)

    async def store_twice() -> list[Stored]:
        both = [server.state.db.write(store_rows, caller, IMPORT, rows) for _ in range(2)]
        return list(await asyncio.gather(*both))

    stored = server.run(store_twice())
    assert sum(each.imported["messages"] for each in stored) == 50
    assert sum(each.skipped["messages"] for each in stored) == 50
    assert [content for _, content in said_in(ann, "Cakes")] == LONG[:50]


@pytest.mark.also_on_mariadb
def test_a_later_file_adds_what_is_new_behind_what_was_said_meanwhile(ann: Person) -> None:
    import_file(ann, to_file(talk("One", "Two")))
    [conversation] = ann.get("/v1/conversations")["data"]
    ann.chat("hello", conversation_id=conversation["id"])
    report = import_file(ann, to_file(talk("One", "Two", "Three", "Four")))
    assert counts_of(report) == ([0, 0, 2], [0, 1, 2])
    [one, two, mine, answer, three, four] = said_in(ann, "Cakes")
    assert [one[1], two[1], mine[1], three[1], four[1]] == ["One", "Two", "hello", "Three", "Four"]
    assert answer[0] == "agent"


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_rows_that_are_there_are_found_by_their_ids(server: Server, ann: Person) -> None:
    """SQLite would rather read all rows of the person, once for each hundred rows of the file."""
    rows, caller = read_rows(to_file(talk(*LONG[:99]))), caller_of(ann)
    rows += [NewTask("todoist", title, new_task(caller, TaskCreate(title=title))) for title in LONG[:50]]
    sent: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        sent.append((statement, values))

    async def explain(tx: Transaction) -> list[str]:
        looks = [(sql, values) for sql, values in sent if sql.startswith("SELECT") and " IN (" in sql]
        connection = await tx.connection()
        plans = [
            await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values) for sql, values in looks
        ]
        return [row.detail for plan in plans for row in plan]

    async def store() -> list[str]:
        await server.state.db.write(store_rows, caller, IMPORT, rows)
        engine = server.state.db.engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        await server.state.db.write(store_rows, caller, IMPORT, rows)
        event.remove(engine, "before_cursor_execute", note)
        return await server.state.db.read(explain)

    plans = [
        plan for plan in server.run(store()) if plan.split()[1] in ("tasks", "conversations", "messages")
    ]
    assert {plan.split()[1] for plan in plans} == {"tasks", "conversations", "messages"}
    assert [plan for plan in plans if not plan.endswith("(id=?)")] == []


def test_two_conversations_of_one_name_are_one(ann: Person) -> None:
    report = import_file(ann, to_file(talk("One", "Two"), talk("One", "Two", "Three", title="Again")))
    assert counts_of(report) == ([0, 1, 3], [0, 1, 2])
    assert [content for _, content in said_in(ann, "Cakes")] == ["One", "Two", "Three"]


def test_rows_that_others_make_all_the_time_are_told_of(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def collide(*_: object) -> None:
        raise RetryTransaction

    monkeypatch.setattr(running, "store_rows", collide)
    assert import_file(ann, to_file(talk("One")))["problem"]["status"] == 409


def test_what_is_imported_is_history(ann: Person) -> None:
    """No run begins with it, it is found, it is told of by one event, and a conversation goes on from it."""
    after = ann.get("/v1/changes")["next_after"]
    import_file(ann, to_file(talk("My cat is called Mog", "What a name")))
    [conversation] = ann.get("/v1/conversations")["data"]
    assert ann.get(f"/v1/conversations/{conversation['id']}/runs")["data"] == []
    assert conversation["unread_count"] == 0
    [event] = ann.get("/v1/changes", after=after)["data"]
    assert event == {"type": "import.stored", "seq": event["seq"], "conversations": 1, "messages": 2}
    [hit] = ann.get("/v1/search", q="mog")["data"]
    assert hit["conversation_id"] == conversation["id"]
    assert hit["sender"]["id"] == str(ann.id)
    assert ann.chat("add feed Mog", conversation_id=conversation["id"])["status"] == "completed"


def test_a_file_that_is_damaged_gives_what_stands_before_and_goes_on_when_it_comes_whole(ann: Person) -> None:
    first, second = talk("One", "Two", title="First"), talk("Three", "Four", id="c-2", conversation_id="c-2")
    file = to_file(first, second)
    # Who still sends when it is found out gets the report all the same.
    report = import_file(ann, file[:-200] + b"!" * 6_000_000)
    assert report["problem"]["status"] == 422
    assert counts_of(report)[0] == [0, 1, 2]
    assert titles(ann) == ["First"]
    assert counts_of(import_file(ann, file)) == ([0, 1, 2], [0, 1, 2])


def test_a_client_that_goes_away_leaves_what_was_stored(
    server: Server, ann: Person, caplog: pytest.LogCaptureFixture
) -> None:
    file = b"".join(grow_chats(4, BATCH_ROWS, "Word"))
    token = ann.tokens["access_token"].encode()
    head = b"POST /v1/me/import HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\nContent-Length: %d\r\n\r\n"
    with connected(server.base_url, head % (token, len(file)), file[: len(file) * 3 // 4]):
        wait_until(lambda: ann.get("/v1/conversations")["data"])
    report = import_file(ann, file)  # waits for the end of the other one
    imported, skipped = counts_of(report)
    assert [a + b for a, b in zip(imported, skipped, strict=True)] == [0, 4, 4 * BATCH_ROWS]
    assert 0 < skipped[2] < 4 * BATCH_ROWS
    assert len(ann.get("/v1/conversations")["data"]) == 4
    assert caplog.records == []


def test_a_session_that_ends_meanwhile_stores_nothing_more(server: Server, ann: Person) -> None:
    caller, came = caller_of(ann), list(grow_chats(4, BATCH_ROWS, "Word"))

    def send() -> Iterator[bytes]:
        yield came[0]
        yield came[1]
        wait_until(lambda: ann.get("/v1/conversations")["data"])
        server.run(server.state.db.write(sessions.revoke_session, caller, caller.session_id))
        yield from came[2:]

    report = import_file(ann, send())
    assert report["problem"]["status"] == 401
    assert 0 < report["imported"]["messages"] <= 2 * BATCH_ROWS


def test_a_database_that_is_full_is_told_of(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, calls = server.state.db.write, []

    async def fill_up(work: Any, *args: Any, **more: Any) -> Any:
        if work is store_rows:
            calls.append(work)
            if len(calls) > 1:
                raise DatabaseBusy("database or disk is full")
        return await write(work, *args, **more)

    monkeypatch.setattr(server.state.db, "write", fill_up)
    report = import_file(ann, to_file(talk(*LONG)))
    assert report["problem"]["status"] == 503
    assert counts_of(report)[0] == [0, 1, BATCH_ROWS - 1]


def test_a_server_that_stops_says_so(server: Server, ann: Person) -> None:
    caller = caller_of(ann)

    async def run() -> list[Any]:
        report = Report("chatgpt")
        reader = ChatReader(report)
        work = Import(server.state.db, caller, reader, report, 10**6, lambda: True)
        return [json.loads(line) async for line in work.run(give(*grow_chats(2, 2, "Word")))]

    [line] = server.run(run())
    assert line["report"]["problem"]["status"] == 503


def test_messages_of_a_conversation_that_goes_meanwhile_are_told_of(server: Server, ann: Person) -> None:
    rows, caller = read_rows(to_file(talk("One", "Two", "Three"))), caller_of(ann)
    server.run(server.state.db.write(store_rows, caller, IMPORT, rows[:2]))
    [conversation] = ann.get("/v1/conversations")["data"]
    ann.delete(f"/v1/conversations/{conversation['id']}")
    stored = server.run(server.state.db.write(store_rows, caller, IMPORT, rows[2:]))
    assert (stored.gone, stored.imported.total()) == (2, 0)
    assert ann.get("/v1/conversations")["data"] == []


@pytest.mark.engines("sqlite")
def test_a_conversation_that_is_too_large_is_cut_and_told_of(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(branches, "MAX_NODES", 3)
    said = [chatgpt_message("user", f"Word {number}") for number in range(4)]
    report = import_file(
        ann, to_file(chatgpt_chat(chain(*said)), talk("One", conversation_id="c-2", title="Small"))
    )
    assert said_in(ann, "Cakes") == [("user", "Word 0"), ("user", "Word 1")]
    assert left_out(report) == {"messages": 2}
    assert said_in(ann, "Small") == [("user", "One")]


@pytest.mark.engines("sqlite")
def test_a_text_of_over_a_million_characters_is_cut_and_told_of(ann: Person) -> None:
    report = import_file(ann, to_file(talk("a" * 1_100_000, "b" * 2_200_000)))
    assert left_out(report) == {"ends of messages": 1, "messages": 1}
    [(_, content)] = said_in(ann, "Cakes")
    assert content == "a" * 1024 * 1024


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"PK\x03\x04rest", "zip archive"),
        (b"\x1f\x8b\x08rest", "gzip archive"),
        (b"hello", "no export"),
        (b"", "no export"),
        (b" \n ", "no export"),
        ("[]".encode("utf-16"), "no export"),
        (b"<html>", "no export"),
    ],
)
def test_what_is_no_file_of_these_is_refused_before_anything_is_done(
    ann: Person, file: bytes, words: str
) -> None:
    assert words in problem_of(send_file(ann, file), 422)["detail"]


@pytest.mark.engines("sqlite")
def test_a_file_of_another_format_than_was_said_is_refused(ann: Person) -> None:
    problem_of(send_file(ann, to_file(talk("One")), format="todoist"), 422)
    problem_of(send_file(ann, to_file(talk("One")), format="word"), 422)
    assert (
        import_file(ann, b"\xef\xbb\xbf" + to_file(talk("One")), format="chatgpt")["imported"]["messages"]
        == 1
    )
    packed = ann.http.post("/v1/me/import", content=b"[]", headers={"Content-Encoding": "gzip"})
    problem_of(packed, 422)
    assert import_file(ann, b"[]")["problem"] is None


@pytest.fixture
def small(own_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that takes files of one megabyte."""
    for where in (main, transfers):
        monkeypatch.setattr(where, "MAX_IMPORT_BYTES", 1024 * 1024)
    with serving(settings_for(own_database_url)) as running:
        yield running


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_file_that_is_too_large_is_refused_or_ends_where_it_is(small: Server) -> None:
    ann = small.person()
    file = b"".join(grow_chats(10, 20, "x" * 10_000))
    assert len(file) > 1024 * 1024
    assert "1 MiB" in problem_of(send_file(ann, file), 413)["detail"]
    assert titles(ann) == []
    report = import_file(ann, iter([file[:500_000], file[500_000:900_000], file[900_000:]]))
    assert report["problem"]["status"] == 413
    assert 0 < report["imported"]["messages"] < 200


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_progress_is_told_in_few_lines(small: Server) -> None:
    """Most clients read the answer when all of the file is sent: until then it waits in buffers."""
    ann = small.person()
    file = b"".join(grow_chats(9, 20, "x" * 4_000))
    lines = [json.loads(line) for line in send_file(ann, file).text.splitlines()]
    told = [line["progress"] for line in lines[:-1]]
    assert 1 < len(told) <= MOST_PROGRESS_LINES
    assert [each["bytes"] for each in told] == sorted({each["bytes"] for each in told})
    assert told[-1]["imported"]["messages"] > 0
    assert lines[-1]["report"]["bytes"] == len(file)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.slow
def test_a_long_file_takes_no_more_memory_than_a_short_one(server: Server, ann: Person) -> None:
    """Also where it is one text, one value, one name, one line or one row."""
    caller, size = caller_of(ann), 10_000_000
    chat = json.dumps(talk("One", "x" * 2_000)).encode()
    files: dict[str, Callable[[int], Iterator[bytes]]] = {
        "conversations": lambda n: (b"[" if not i else b"," + chat for i in range(n // 2_500)),
        "a text": lambda n: (b'[{"mapping":{"a":"' if not i else b"x" * 60_000 for i in range(n // 60_000)),
        "a value": lambda n: (
            b'[{"mapping":{"a":[' if not i else b'"x",' * 15_000 for i in range(n // 60_000)
        ),
        "a name": lambda n: (b'[{"mapping":{"' if not i else b"x" * 60_000 for i in range(n // 60_000)),
        "a line": lambda n: (b'{"type":"header",' if not i else b"x" * 60_000 for i in range(n // 60_000)),
        "a row": lambda n: (b'TYPE,"' if not i else b"x" * 60_000 for i in range(n // 60_000)),
    }

    def measure(chunks: Iterator[bytes]) -> int:
        report, start = Report("chatgpt"), next(chunks)
        source = "parley" if start[:1] == b"{" else "todoist" if start[:1] == b"T" else "chatgpt"
        reader = open_reader(cast(Source, source), report, caller)
        work = Import(server.state.db, caller, reader, report, size, lambda: False)
        lines = work.run(follow(start, chunks))
        tracemalloc.start()
        try:
            # One line of progress at a time: however slow a busy machine is, it has time for a part of the file.
            while server.run(next_line(lines)):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    for name, grow in files.items():
        used = measure(grow(size))
        assert used < 6 * 1024 * 1024, (name, used)

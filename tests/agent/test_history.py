# test_history.py -- what a run reads of its conversation: how much of it, by how many statements, and what is kept.
import gc
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, delete

from access import Caller
from agent.histories import history
from agent.histories.history import FIRST_BATCH, read_history
from agent.histories.history_cache import KEEP_SECONDS, HistoryCache, KnownHistory
from agent.histories.shortening import CHARACTERS_PER_TOKEN
from db import Database
from models import Conversation, Message, Run, User
from storage.schema.bootstrap import bootstrap
from support.llm.scripted_model import ScriptedModel
from support.servers import serving, settings_for, wait_until, with_database
from timings import Timings

TOKENS = 2_500
ROOM = TOKENS * CHARACTERS_PER_TOKEN


@dataclass
class Reads:
    statements: int = 0
    rows: int = 0


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reads]:
    reads, fetch = Reads(), history.fetch_rows

    async def count(*arguments: Any) -> Any:
        rows = await fetch(*arguments)
        reads.statements += 1
        reads.rows += len(rows)
        return rows

    with monkeypatch.context() as patch:
        patch.setattr("agent.histories.history.fetch_rows", count)
        yield reads


class Talk:
    """A conversation that is written straight into the tables, and read as by the run of its last question."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.user_id, self.id = uuid4(), uuid4()
        self.seq = self.trigger_seq = 0

    async def begin(self) -> None:
        async with self.db.transaction() as tx:
            tx.add(User(id=self.user_id, email=f"{self.user_id}@example.com", password_hash="x"))
            await tx.flush()
            tx.add(Conversation(id=self.id, user_id=self.user_id, account_id=self.user_id))

    async def begin_anew(self) -> None:
        """The same id, as where the conversation of a program's calls was deleted and the program calls again."""
        async with self.db.transaction() as tx:
            await tx.execute(delete(Conversation).where(col(Conversation.id) == self.id))
            tx.add(Conversation(id=self.id, user_id=self.user_id, account_id=self.user_id))
        self.seq = 0

    async def say(self, *exchanges: tuple[str, str]) -> None:
        """Messages, each with the answer of its run."""
        runs, messages = [], []
        where = {"conversation_id": self.id, "user_id": self.user_id}
        for asked, answer in exchanges:
            run_id, self.trigger_seq = uuid4(), self.seq + 1
            self.seq += 2
            runs.append(Run(id=run_id, **where, trigger_seq=self.trigger_seq, status="completed"))
            for role, content, seq in (("user", asked, self.seq - 1), ("agent", answer, self.seq)):
                messages.append(Message(**where, role=role, content=content, seq=seq, run_id=run_id))
        async with self.db.transaction() as tx:
            tx.add_all(runs)
            await tx.flush()
            tx.add_all(messages)

    async def read(self, cache: HistoryCache | None = None, *, user_id: UUID | None = None) -> list[str]:
        caller = Caller(user_id or self.user_id, None)
        turns = await self.db.read(read_history, caller, self.id, self.trigger_seq, TOKENS, cache)
        return [turn.text for turn in turns]


@pytest.fixture
def talking(
    new_database: Callable[[str], str], engine_name: str
) -> Callable[[Callable[[Talk], Awaitable[None]]], None]:
    """Runs its argument with a new conversation."""
    url = new_database(engine_name)

    async def run(db: Database, work: Callable[[Talk], Awaitable[None]]) -> None:
        await bootstrap(db.engine)
        talk = Talk(db)
        await talk.begin()
        await work(talk)

    return lambda work: with_database(url, lambda db: run(db, work))


Talking = Callable[[Callable[[Talk], Awaitable[None]]], None]
SHORT = [(f"question {n:05d}", f"answer {n:05d} " + "x" * 70) for n in range(1_000)]


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_what_is_read_depends_on_the_room_and_not_on_the_length_of_the_conversation(
    talking: Talking, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(talk: Talk) -> None:
        read = []
        for count in (600, 1_000):
            await talk.say(*[(f"question {n:04d}", f"answer {n:04d}") for n in range(count)])
            with counting(monkeypatch) as reads:
                turns = await talk.read()
            assert 0.9 * ROOM < sum(map(len, turns)) <= ROOM
            read.append((reads.statements, reads.rows))
        assert read[0] == read[1]
        statements, rows = read[0]
        assert statements <= 3
        assert rows <= 1.25 * len(turns) / 2

    talking(work)


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_the_next_message_reads_what_is_new_by_one_statement(
    talking: Talking, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(talk: Talk) -> None:
        cache = HistoryCache()
        for part in (SHORT[:20], SHORT[20:1_000]):
            await talk.say(*part)
            await talk.read(cache)
            for number in range(3):
                await talk.say((f"next {number}", "yes"))
                with counting(monkeypatch) as reads:
                    turns = await talk.read(cache)
                assert turns == await talk.read()
                assert (reads.statements, reads.rows) == (1, 2)
            with counting(monkeypatch) as reads:
                assert await talk.read(cache) == turns
            assert (reads.statements, reads.rows) == (1, 1)

    talking(work)


@pytest.mark.also_on_mariadb
def test_what_another_worker_has_added_is_read(talking: Talking, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(talk: Talk) -> None:
        cache = HistoryCache()
        await talk.say(*SHORT[:200])
        await talk.read(cache)
        await talk.say(*SHORT[200:210])
        with counting(monkeypatch) as reads:
            turns = await talk.read(cache)
        assert (reads.statements, reads.rows) == (1, 11)
        assert turns == await talk.read()
        await talk.say(*SHORT[210:300])
        assert await talk.read(cache) == await talk.read()

    talking(work)


@pytest.mark.engines("sqlite")
@pytest.mark.busy
def test_what_is_kept_never_changes_what_is_read(talking: Talking) -> None:
    """Whatever is said, and however it fits: as long as it is said in the tables."""
    dice = random.Random(7)
    sizes = [
        1,
        60,
        300,
        ROOM // 8,
        ROOM // 8 + 1,
        ROOM // 3,
        ROOM // 2,
        ROOM // 2 + 1,
        ROOM - 5,
        ROOM,
        2 * ROOM,
    ]
    weights = [20, 20, 10, 4, 4, 3, 2, 2, 1, 1, 1]

    async def work(talk: Talk) -> None:
        cache = HistoryCache()
        for number in range(150):
            some = [
                [str(number).ljust(size, "x") for size in dice.choices(sizes, weights, k=2)]
                for _ in range(dice.choice([1, 1, 1, 5]))
            ]
            await talk.say(*[(asked, answer) for asked, answer in some])
            assert await talk.read(cache) == await talk.read()

    talking(work)


def test_a_message_that_is_too_long_is_left_out_alone(talking: Talking) -> None:
    async def work(talk: Talk) -> None:
        await talk.say(("My dog is called Rex.", "Nice."))
        await talk.say(("y" * (ROOM // 2 + 1), "Long."))  # more than half of the room
        await talk.say(("z" * (ROOM // 3), "z" * (ROOM // 3)), ("And?", "z" * (ROOM // 3)))  # one too many
        await talk.say(("What is my dog called?", ""))
        turns = await talk.read()
        assert turns[:3] == ["My dog is called Rex.", "Nice.", "Long."]
        assert [text[:1] for text in turns[3:-1]] == ["z", "A", "z"]

    talking(work)


def test_long_messages_that_do_not_fit_are_not_searched_through(
    talking: Talking, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(talk: Talk) -> None:
        await talk.say(*[(f"{n}", "y" * ROOM) for n in range(100)], ("now?", ""))
        with counting(monkeypatch) as reads:
            assert await talk.read() == ["98", "99", "now?"]
        assert (reads.statements, reads.rows) == (1, FIRST_BATCH)

    talking(work)


@pytest.mark.engines("sqlite")
def test_what_is_kept_is_no_way_to_the_conversation_of_another(talking: Talking) -> None:
    async def work(talk: Talk) -> None:
        cache, stranger = HistoryCache(), uuid4()
        await talk.say(*SHORT[:5])
        assert len(await talk.read(cache)) == 9
        assert await talk.read(cache, user_id=stranger) == []
        # Nor where they have read it once, and may not any more.
        kept = cache.take(Caller(talk.user_id, None), talk.id)
        assert kept is not None
        cache.keep(Caller(stranger, None), talk.id, kept)
        assert await talk.read(cache, user_id=stranger) == []
        assert cache.take(Caller(stranger, None), talk.id) is None

    talking(work)


@pytest.mark.also_on_mariadb
def test_nothing_of_a_deleted_conversation_is_in_one_of_the_same_id(talking: Talking) -> None:
    async def work(talk: Talk) -> None:
        cache = HistoryCache()
        await talk.say(*SHORT[:3])
        await talk.read(cache)
        await talk.begin_anew()
        await talk.say(*[("new", "new")] * 5)
        assert set(await talk.read(cache)) == {"new"}

    talking(work)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_what_is_kept_has_a_bound_and_the_longest_unused_goes_first(
    talking: Talking, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(talk: Talk) -> None:
        await talk.say(*SHORT[:100])
        await talk.read(cache := HistoryCache())
        caller = Caller(talk.user_id, None)
        kept = cache.take(caller, talk.id)
        assert kept is not None
        assert sum(map(len, await talk.read())) < kept.memory < 10 * ROOM
        monkeypatch.setattr("agent.histories.history_cache.MAX_BYTES", 3 * kept.memory + 5_000)
        cache = HistoryCache()
        ids = [uuid4() for _ in range(4)]
        for each in ids:
            cache.keep(caller, each, kept)
        assert [cache.take(caller, each) is not None for each in ids] == [False, True, True, True]
        monkeypatch.setattr("agent.histories.history_cache.MAX_BYTES_OF_ONE", kept.memory - 1)
        cache.keep(caller, ids[0], kept)
        assert cache.take(caller, ids[0]) is None

    talking(work)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.busy
def test_a_worker_forgets_what_nobody_has_gone_on_with(
    new_database: Callable[[str], str],
    engine_name: str,
    model: ScriptedModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1_000.0
    monkeypatch.setattr("agent.histories.history_cache.read_clock", lambda: now)
    with serving(settings_for(new_database(engine_name)), model, Timings(worker_poll=0.02)) as server:
        person, ids = server.person(), []
        for pause in (KEEP_SECONDS - 1, 2):
            conversation = person.chat("hello")["conversation_id"]
            asked = person.get(f"/v1/conversations/{conversation}/messages")["data"][0]
            ids.append(UUID(asked["id"]))
            assert find_in_memory(ids) == ids
            now += pause
        wait_until(lambda: find_in_memory(ids) == ids[1:])


def find_in_memory(ids: list[UUID]) -> list[UUID]:
    """Those up to which a history is known anywhere in this process."""
    known = [each.last_id for each in gc.get_objects() if isinstance(each, KnownHistory)]
    return [each for each in ids if each in known]

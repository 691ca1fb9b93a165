# test_delivered.py -- what streams have sent is delivered: marks that are stored together, and since when.
import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlmodel import col

from access import SYSTEM
from db import Database, Transaction
from errors import DatabaseBusy
from models import ConversationParticipant
from services.participation import deliveries
from services.participation.deliveries import store_delivered
from streaming import delivery_marks
from streaming.delivery_marks import MARK_BATCH, MAX_WAITING, DeliveryMarks
from support.api.accounts import Team, make_people, make_team
from support.api.asking import add_hosted, open_group_with, read_messages, wait_for_status
from support.api.crowds import add_members
from support.api.groups import open_direct, open_group, say
from support.api.user_streams import find_end, opened, reset, take, until
from support.databases.statement_counts import count_statements
from support.servers import Person, Server, in_database, wait_until, with_database


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "member", "other member"))


def list_deliveries(sender: Person, message_id: str) -> dict[str, dict[str, Any]]:
    return {row["user_id"]: row for row in sender.get(f"/v1/messages/{message_id}/deliveries")["data"]}


def find_mark(server: Server, conversation_id: str, person: Person) -> int:
    async def read(tx: Transaction) -> int:
        one = select(col(ConversationParticipant.last_delivered_seq)).where(
            col(ConversationParticipant.conversation_id) == UUID(conversation_id),
            col(ConversationParticipant.user_id) == person.id,
        )
        return (await tx.execute(one)).scalar_one()

    return in_database(server, read)


def store(server: Server, *reached: tuple[str, Person, int]) -> set[tuple[UUID, UUID]]:
    marks = {(UUID(conversation_id), person.id): seq for conversation_id, person, seq in reached}
    url = server.settings.database_url.get_secret_value()
    return with_database(url, lambda db: store_delivered(db, SYSTEM, marks))


@pytest.mark.also_on_mariadb
def test_what_a_stream_has_sent_is_delivered_and_not_read(server: Server, team: Team) -> None:
    member, owner, away = (team.people[who] for who in ("member", "owner", "other member"))
    group_id = open_group(team, "owner", "other member")
    with opened(owner) as stream:
        reset(stream)
        ids = [say(member, group_id, text)["id"] for text in ("One", "Two")]
        until(stream, "message.created")
        until(stream, "message.created")
        wait_until(lambda: list_deliveries(member, ids[1])[str(owner.id)]["is_delivered"])
    for message_id in ids:
        here = list_deliveries(member, message_id)
        assert here.keys() == {str(owner.id), str(away.id)}
        assert here[str(owner.id)]["delivered_at"] is not None
        assert [here[str(owner.id)][name] for name in ("is_read", "read_at")] == [False, None]
        assert [here[str(away.id)][name] for name in ("is_delivered", "delivered_at")] == [False, None]
    assert owner.get(f"/v1/conversations/{group_id}")["unread_count"] == 2
    answer = owner.http.post(f"/v1/conversations/{group_id}/read", json={"message_id": ids[1]})
    assert answer.status_code == 204
    before, after = here[str(owner.id)], list_deliveries(member, ids[1])[str(owner.id)]
    assert (after["delivered_at"], after["is_read"]) == (before["delivered_at"], True)
    assert after["read_at"] > before["delivered_at"]


def test_what_a_stream_brings_after_an_absence_is_delivered_too(server: Server, team: Team) -> None:
    member, owner = team.people["member"], team.people["owner"]
    direct_id = open_direct(team, "member", "owner")
    after = find_end(owner)
    said = say(member, direct_id, "While you were away")["id"]
    assert not list_deliveries(member, said)[str(owner.id)]["is_delivered"]
    with opened(owner, after) as stream:
        assert [event.type for event in take(stream, 1)] == ["message.created"]
        wait_until(lambda: list_deliveries(member, said)[str(owner.id)]["delivered_at"])


@pytest.mark.also_on_mariadb
def test_an_agents_answer_is_delivered_to_who_asked_and_not_to_the_agent(server: Server, team: Team) -> None:
    """It is stored for the one who asked, but the agent has said it."""
    clerk, member, owner = add_hosted(team), team.people["member"], team.people["owner"]
    group_id = open_group_with(team, clerk)
    say(member, group_id, "@Clerk what is there?")
    wait_for_status(member, group_id, "completed")
    answer = read_messages(member, group_id)[-1]
    assert answer["agent_id"] == clerk
    store(server, (group_id, member, 2), (group_id, owner, 2))
    found = list_deliveries(member, answer["id"])
    assert found.keys() == {str(member.id), str(owner.id)}
    assert all(row["delivered_at"] is not None for row in found.values())


@pytest.mark.also_on_mariadb
def test_a_mark_goes_neither_back_nor_past_the_last_message_nor_to_those_who_left(
    server: Server, team: Team
) -> None:
    member, owner, late = (team.people[who] for who in ("member", "owner", "other member"))
    group_id = open_group(team, "owner", "other member")
    ids = [say(member, group_id, f"Number {number}")["id"] for number in range(3)]
    store(server, (group_id, owner, 2), (str(uuid4()), owner, 5))
    assert find_mark(server, group_id, owner) == 2
    store(server, (group_id, owner, 1))
    assert find_mark(server, group_id, owner) == 2
    store(server, (group_id, owner, 99), (group_id, late, 1))
    assert (find_mark(server, group_id, owner), find_mark(server, group_id, late)) == (3, 1)
    assert all(list_deliveries(member, each)[str(owner.id)]["delivered_at"] for each in ids)
    assert [bool(list_deliveries(member, each)[str(late.id)]["delivered_at"]) for each in ids] == [
        True,
        False,
        False,
    ]
    member.delete(f"/v1/conversations/{group_id}/participants/{late.id}")
    store(server, (group_id, late, 3))
    assert find_mark(server, group_id, late) == 1


@pytest.mark.also_on_mariadb
def test_where_very_much_is_said_at_once_the_last_messages_have_a_time_and_all_are_delivered(
    server: Server, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "MAX_TIMES_AT_ONCE", 5)
    member, owner, other = (team.people[who] for who in ("member", "owner", "other member"))
    busy, quiet = open_group(team, "owner", "other member"), open_group(team, "owner", "other member")
    ids = [say(member, busy, f"Number {number}")["id"] for number in range(4)]
    once = say(member, quiet, "Once")["id"]
    store(server, (busy, owner, 4), (busy, other, 4), (quiet, owner, 1), (quiet, other, 1))
    for person in (owner, other):
        found = [list_deliveries(member, each)[str(person.id)] for each in (*ids, once)]
        assert all(row["is_delivered"] for row in found)
        assert [row["delivered_at"] is not None for row in found] == [False, False, True, True, True]
    monkeypatch.setattr(deliveries, "MAX_TIMES_AT_ONCE", 1)
    last = say(member, busy, "The last")["id"]
    store(server, (busy, owner, 5), (busy, other, 5))
    assert all(row["delivered_at"] for row in list_deliveries(member, last).values())


@pytest.mark.also_on_mariadb
def test_of_more_than_a_hundred_the_marks_alone_say_it(server: Server, team: Team) -> None:
    member, owner = team.people["member"], team.people["owner"]
    crowd = [str(user_id) for user_id in add_members(server, team.id, 99)]
    groups = [
        member.post(
            "/v1/conversations",
            kind="group",
            title="All",
            account_id=team.id,
            participant_ids=[str(owner.id), *crowd[:others]],
        )["id"]
        for others in (98, 99)
    ]
    said = [say(member, group_id, "Hello")["id"] for group_id in groups]
    store(server, *((group_id, owner, 1) for group_id in groups))
    found = [member.get(f"/v1/messages/{message_id}/deliveries", limit=200)["data"] for message_id in said]
    rows = [next(row for row in page if row["user_id"] == str(owner.id)) for page in found]
    assert [row["is_delivered"] for row in rows] == [True, True]
    assert [row["delivered_at"] is not None for row in rows] == [True, False]


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_many_marks_are_one_statement_and_a_message_alone_writes_none(server: Server, team: Team) -> None:
    member = team.people["member"]
    crowd = list(add_members(server, team.id, 60))
    group_id = member.post(
        "/v1/conversations",
        kind="group",
        title="All",
        account_id=team.id,
        participant_ids=[str(user_id) for user_id in crowd],
    )["id"]
    said = [say(member, group_id, f"Number {number}")["id"] for number in range(5)][-1]
    marks = server.state.open_streams._delivery_marks

    async def store() -> None:
        for seq in range(1, 6):
            for user_id in crowd:
                marks.note(user_id, {UUID(group_id): seq})
        await marks.store_marks()

    with count_statements(server) as statements:
        server.run(store())
    assert len([each for each in statements if "last_delivered_seq" in each]) == 1
    assert not [each for each in statements if each.startswith(("INSERT", "UPDATE"))]
    found = member.get(f"/v1/messages/{said}/deliveries", limit=200)["data"]
    assert [row["delivered_at"] is not None for row in found] == [True] * 60


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_place_that_is_locked_is_left_out_and_tried_again(server: Server, team: Team) -> None:
    member, owner, other = (team.people[who] for who in ("member", "owner", "other member"))
    group_id = open_group(team, "owner", "other member")
    say(member, group_id, "Hello")
    places = {(UUID(group_id), person.id): 1 for person in (owner, other)}

    async def work(db: Database) -> None:
        async with db.transaction() as tx:
            mine = select(ConversationParticipant).where(
                col(ConversationParticipant.user_id) == owner.id,
                col(ConversationParticipant.conversation_id) == UUID(group_id),
            )
            await tx.execute(mine.with_for_update())
            async with asyncio.timeout(5):
                assert await store_delivered(db, SYSTEM, places) == {(UUID(group_id), owner.id)}
        assert await store_delivered(db, SYSTEM, places) == set()

    with_database(server.settings.database_url.get_secret_value(), work)
    assert (find_mark(server, group_id, owner), find_mark(server, group_id, other)) == (1, 1)


def test_marks_wait_for_a_database_that_is_busy_and_take_bounded_memory(
    monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    stored: list[int] = []
    failures: list[Exception] = [DatabaseBusy("it is away"), ValueError("a bug")]

    async def fail_at_first(db: Database, caller: object, batch: dict[Any, int]) -> set[Any]:
        stored.append(len(batch))
        if failures:
            raise failures.pop(0)
        return set()

    monkeypatch.setattr(delivery_marks, "store_delivered", fail_at_first)

    async def work(db: Database) -> None:
        marks = DeliveryMarks(db, 0.0)
        conversation_id = uuid4()
        for _ in range(MARK_BATCH + 1):
            marks.note(uuid4(), {conversation_id: 1})
        await marks.store_marks()
        assert stored == [MARK_BATCH, 1]
        await marks.store_marks()  # what was busy is tried again, what failed for another reason is not
        assert stored[2:] == [MARK_BATCH]
        for _ in range(MAX_WAITING + 5):
            marks.note(uuid4(), {conversation_id: 1})
        assert len(marks._reached) == MAX_WAITING

    with_database(database_url, work)


def test_a_database_that_does_not_answer_holds_up_no_end(
    monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    tries: list[int] = []

    async def wait_for_ever(db: Database, caller: object, batch: dict[Any, int]) -> set[Any]:
        tries.append(len(batch))
        return await asyncio.Future()

    monkeypatch.setattr(delivery_marks, "store_delivered", wait_for_ever)

    async def work(db: Database) -> None:
        marks = DeliveryMarks(db, 0.01)
        running = asyncio.create_task(marks.run())
        marks.note(uuid4(), {uuid4(): 1})
        while not tries:
            await asyncio.sleep(0)
        marks.note(uuid4(), {uuid4(): 1})
        running.cancel()
        async with asyncio.timeout(5):
            await asyncio.wait([running])
        assert running.cancelled()
        assert tries == [1, 1]

    with_database(database_url, work)

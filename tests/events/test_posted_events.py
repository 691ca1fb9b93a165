# test_posted_events.py -- events that users post: the answer, the list, what is refused, what is marked as read.
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func
from sqlmodel import col

import access
from access import SYSTEM, Caller
from db import Transaction
from events import posted
from models import Event, EventRead, IdempotencyKey, User
from models.event import RESERVED_WORDS
from models.shapes import MAX_PAYLOAD_BYTES
from support.api.problems import problem_of
from support.servers import Person, Server, in_database

pytestmark = pytest.mark.also_on_mariadb
EVENTS = "/v1/events"
SEVERITIES = ("debug", "info", "warning", "error", "critical")


def listed(person: Person, limit: int = 200, **filters: Any) -> Iterator[dict[str, Any]]:
    """All items, page by page."""
    cursor: dict[str, str] = {}
    while True:
        page = person.get(EVENTS, limit=limit, **filters, **cursor)
        assert set(page) == {"data", "next_cursor"}
        yield from page["data"]
        if page["next_cursor"] is None:
            return
        assert len(page["data"]) == limit
        cursor = {"cursor": page["next_cursor"]}


def count_events(server: Server, person: Person) -> int:
    async def count(tx: Transaction) -> int:
        rows = access.select(Caller(person.id, None), Event, func.count()).where(posted.IS_POSTED)
        return int((await tx.execute(rows)).scalar_one())

    return in_database(server, count)


def mark(person: Person, *events: dict[str, Any]) -> None:
    person.post("/v1/events/read", event_ids=[event["id"] for event in events])


# What document 000 does, as far as it is about oneself


def test_the_calls_of_document_000_work_word_for_word(server: Server, ann: Person) -> None:
    """With a token in place of YOUR_TOKEN, and one's own id in place of the agent's."""
    token = ann.post("/v1/me/tokens", name="qwen-assistant", scopes=["read", "write"])["token"]
    curl = server.client(Authorization=f"Bearer {token}", **{"Content-Type": "application/json"})
    sent = """{
    "type": "chat.message",
    "severity": "info",
    "recipient_id": "28a5d3df-6104-4009-8f3a-897671ea28d7",
    "payload": {
      "from": "qwen-assistant",
      "subject": "Hello",
      "content": "Hey! Check this out."
    }
  }"""
    problem_of(curl.post("/v1/events", content=sent), 404)
    own = sent.replace("28a5d3df-6104-4009-8f3a-897671ea28d7", str(ann.id))
    message = curl.post("/v1/events", content=own)
    assert message.status_code == 201
    inbox = curl.get(f"/v1/events?recipient_id={ann.id}&limit=50")
    assert inbox.json() == {"data": [message.json()], "next_cursor": None}
    plain = """{
    "type": "chat.message",
    "severity": "info",
    "payload": {"content": "Broadcast message"}
  }"""
    broadcast = curl.post("/v1/events", content=plain)
    assert broadcast.status_code == 201
    assert curl.get(EVENTS).json()["data"] == [broadcast.json(), message.json()]


def test_an_event_is_what_was_posted_and_its_sender_is_who_posted_it(server: Server) -> None:
    ann = server.person(display_name="Ann")
    payload = {"from": "the bank", "sender": {"type": "agent"}, "deep": [1, 2.5, {"a": None}], "": "ü"}
    event = ann.post(EVENTS, type="chat.message", severity="warning", payload=payload)
    assert UUID(event["id"]).version == 4
    me = str(ann.id)
    assert event == {
        "id": event["id"],
        "type": "chat.message",
        "severity": "warning",
        "payload": payload,
        "account_id": me,
        "sender": {"type": "user", "id": me, "name": "Ann"},
        "recipient_id": None,
        "created_at": event["created_at"],
        "read_at": None,
    }
    same = ann.post(EVENTS, type="chat.message", payload={}, recipient_id=me, account_id=me)
    assert (same["severity"], same["recipient_id"], same["account_id"]) == ("info", me, me)
    assert list(listed(ann)) == [same, event]
    assert list(listed(ann, recipient_id=me)) == [same]
    ann.patch("/v1/me", display_name="Anna")
    assert [item["sender"]["name"] for item in listed(ann)] == ["Anna", "Anna"]


# What is refused


def test_a_type_of_parleys_own_events_cannot_be_posted(server: Server, ann: Person) -> None:
    for word in RESERVED_WORDS:
        for type_ in (word, f"{word}.deleted", f"{word}."):
            problem = problem_of(ann.http.post(EVENTS, json={"type": type_, "payload": {}}), 422)
            assert problem["errors"][0]["loc"] == ["body", "type"]
    for type_ in ("chat.message", "tasks.x", "task_x", "my.task.deleted", "-", ".", "x" * 40):
        assert ann.post(EVENTS, type=type_, payload={})["type"] == type_
    assert count_events(server, ann) == 7


def test_whoever_is_not_oneself_is_not_there(server: Server, ann: Person, bob: Person) -> None:
    seen = set()
    for id_ in (str(bob.id), str(uuid4())):
        for field in ("recipient_id", "account_id"):
            answer = ann.http.post(EVENTS, json={"type": "x", "payload": {}, field: id_})
            seen.add((field, json.dumps(problem_of(answer, 404))))
        seen.add(("list", json.dumps(problem_of(ann.http.get(EVENTS, params={"recipient_id": id_}), 404))))
    assert len(seen) == 3
    assert (count_events(server, ann), count_events(server, bob)) == (0, 0)


def test_a_payload_of_the_largest_size_is_stored_and_a_byte_more_is_not(ann: Person) -> None:
    around = len('{"a":""}')
    for letter in ("x", "ü", "😀"):
        payload = {"a": letter * ((MAX_PAYLOAD_BYTES - around) // len(letter.encode()))}
        event = ann.post(EVENTS, type="x", payload=payload)
        assert event["payload"] == payload
        assert ann.get(EVENTS, limit=1)["data"] == [event]
        more = {"a": payload["a"] + letter}
        problem_of(ann.http.post(EVENTS, json={"type": "x", "payload": more}), 422)


def test_a_payload_has_a_bounded_number_of_values_and_of_digits(ann: Person) -> None:
    """PostgreSQL gives 1e300 back with all of its 301 digits."""
    for good, bad, status in (
        (list(range(9_000)), list(range(11_000)), 413),
        ([1e300] * 216, [1e300] * 217, 422),
        ([10**300] * 216, [10**300] * 217, 422),
        ([1e-300] * 215, [1e-300] * 217, 422),
    ):
        event = ann.post(EVENTS, type="x", payload={"a": good})
        assert event["payload"]["a"] == good
        answer = ann.http.get(EVENTS, params={"limit": 1})
        assert len(answer.content) < MAX_PAYLOAD_BYTES + 1_000
        assert [float(n) for n in answer.json()["data"][0]["payload"]["a"]] == [float(n) for n in good]
        problem_of(ann.http.post(EVENTS, json={"type": "x", "payload": {"a": bad}}), status)


def test_a_payload_may_have_thirty_levels(ann: Person) -> None:
    payload: dict[str, Any] = {}
    for _ in range(14):
        payload = {"a": [payload], "b": []}
    good = {"a": payload}
    assert ann.post(EVENTS, type="x", payload=good)["payload"] == good
    assert next(listed(ann))["payload"] == good
    for deeper in ({"a": good}, {"a": {"b": [payload]}}):
        problem_of(ann.http.post(EVENTS, json={"type": "x", "payload": deeper}), 422)


def test_a_refusal_says_what_is_wrong_with_the_payload(ann: Person) -> None:
    for payload, words in (
        ('{"a": ["\\ud800"]}', "half of a surrogate pair"),
        ('{"\\u0000": 1}', "NUL characters"),
        ('{"a": NaN}', "NaN or Infinity"),
    ):
        sent = f'{{"type": "x", "payload": {payload}}}'
        answer = ann.http.post(EVENTS, content=sent, headers={"Content-Type": "application/json"})
        assert words in problem_of(answer, 422)["errors"][0]["msg"]


# Repeats


def test_a_repeated_request_gives_the_first_answer_and_makes_one_event(server: Server, ann: Person) -> None:
    body = {"type": "chat.message", "payload": {"content": "Hello"}}
    headers = {"Idempotency-Key": "once"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ann.http.post(EVENTS, json=body, headers=headers), range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert count_events(server, ann) == 1
    problem_of(ann.http.post(EVENTS, json={**body, "severity": "error"}, headers=headers), 422)


def test_a_repeat_after_the_answer_was_lost_finds_the_event(server: Server, ann: Person) -> None:
    """As when the worker dies between the commit and the storing of the answer."""
    body = {"type": "chat.message", "payload": {"content": "Hello"}}
    headers = {"Idempotency-Key": "once"}
    first = ann.http.post(EVENTS, json=body, headers=headers).json()

    async def lose(tx: Transaction) -> None:
        key = await access.find_row(tx, Caller(ann.id, None), IdempotencyKey)
        assert key is not None
        await tx.delete(key)

    in_database(server, lose)
    mark(ann, first)
    again = ann.http.post(EVENTS, json=body, headers=headers)
    assert again.status_code == 201
    assert again.json() == {**first, "read_at": again.json()["read_at"]}
    assert again.json()["read_at"] is not None
    assert count_events(server, ann) == 1


# The list


def test_the_list_is_newest_first_and_has_each_event_once_however_it_is_paged(ann: Person) -> None:
    made = [ann.post(EVENTS, type="x", payload={"n": n}) for n in range(7)]
    ann.post("/v1/tasks", title="A change, which is no posted event")
    for limit in (1, 3, 7, 200):
        assert list(listed(ann, limit)) == made[::-1]


@pytest.mark.busy
def test_filters_combine(ann: Person) -> None:
    types = ("chat.message", "build.done")
    made = [
        ann.post(EVENTS, type=type_, severity=severity, payload={})
        for severity, type_ in product(SEVERITIES, types)
    ]
    read = made[::3]
    mark(ann, *read)
    for severity, type_, unread in product((None, *SEVERITIES), (None, *types), (None, True, False)):
        given = {"severity": severity, "type": type_, "unread": unread}
        filters = {name: value for name, value in given.items() if value is not None}
        expected = [
            event["id"]
            for event in reversed(made)
            if severity in (None, event["severity"])
            and type_ in (None, event["type"])
            and unread in (None, event not in read)
        ]
        assert [event["id"] for event in listed(ann, 2, **filters)] == expected, filters


def test_a_cursor_is_this_lists_own(ann: Person) -> None:
    for n in range(3):
        ann.post(EVENTS, type="x", payload={"n": n})
        ann.post("/v1/tasks", title=f"Task {n}")
    cursor, other = (ann.get(path, limit=1)["next_cursor"] for path in (EVENTS, "/v1/tasks"))
    assert len(ann.get(EVENTS, cursor=cursor)["data"]) == 2
    problem_of(ann.http.get(EVENTS, params={"cursor": other}), 422)


# Marks


def test_an_event_that_was_read_says_when_and_keeps_that_time(ann: Person) -> None:
    first, second, third = (ann.post(EVENTS, type="x", payload={"n": n}) for n in range(3))
    mark(ann, first, first)
    [was] = listed(ann, unread=False)
    assert was == {**first, "read_at": was["read_at"]}
    assert was["read_at"] >= first["created_at"]
    mark(ann, second, first)
    assert [event["id"] for event in listed(ann, unread=False)] == [second["id"], first["id"]]
    assert list(listed(ann, unread=False))[1] == was
    assert list(listed(ann, unread=True)) == [third]


def test_events_are_marked_together_or_not_at_all(server: Server, ann: Person, bob: Person) -> None:
    own, theirs = (person.post(EVENTS, type="x", payload={}) for person in (ann, bob))
    seen = set()
    for other in (theirs["id"], str(uuid4())):
        answer = ann.http.post("/v1/events/read", json={"event_ids": [own["id"], other]})
        seen.add(json.dumps(problem_of(answer, 404)))
    assert len(seen) == 1
    assert list(listed(ann)) == [own]
    assert list(listed(bob)) == [theirs]

    async def find_change(tx: Transaction) -> str:
        change = access.select(Caller(ann.id, None), Event, col(Event.event_id)).where(
            col(Event.sender_id).is_(None)
        )
        return str((await tx.execute(change)).scalar_one())

    ann.post("/v1/tasks", title="A change")
    change_id = in_database(server, find_change)
    problem_of(ann.http.post("/v1/events/read", json={"event_ids": [change_id]}), 404)


def test_marks_that_come_at_once_are_one(server: Server, ann: Person) -> None:
    events = [ann.post(EVENTS, type="x", payload={}) for _ in range(20)]
    ids = [event["id"] for event in events]

    def post(number: int) -> int:
        order = ids if number % 2 else ids[::-1]
        return ann.http.post("/v1/events/read", json={"event_ids": order}).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(post, range(6))) == {204}
    assert list(listed(ann, unread=True)) == []

    async def count(tx: Transaction) -> int:
        rows = access.select(Caller(ann.id, None), EventRead, func.count())
        return int((await tx.execute(rows)).scalar_one())

    assert in_database(server, count) == 20


# Whose they are


def test_a_stranger_sees_nothing_of_it(ann: Person, bob: Person) -> None:
    ann.post(EVENTS, type="x", payload={"content": "A secret"})
    assert bob.get(EVENTS) == {"data": [], "next_cursor": None}
    cursor_of_ann = [ann.post(EVENTS, type="x", payload={}) for _ in range(2)] and ann.get(EVENTS, limit=1)
    assert bob.get(EVENTS, cursor=cursor_of_ann["next_cursor"])["data"] == []


@pytest.mark.parametrize("by_hand", [False, True])
def test_an_account_that_goes_takes_its_events_and_its_marks(
    server: Server, ann: Person, by_hand: bool
) -> None:
    mark(ann, *[ann.post(EVENTS, type="x", payload={}) for _ in range(3)])

    async def delete(tx: Transaction) -> None:
        await tx.delete(await access.get_row(tx, SYSTEM, User, ann.id))

    async def count(tx: Transaction) -> list[int]:
        events = access.select(SYSTEM, Event, func.count()).where(col(Event.audience_id) == ann.id)
        marks = access.select(SYSTEM, EventRead, func.count()).where(col(EventRead.user_id) == ann.id)
        return [int((await tx.execute(rows)).scalar_one()) for rows in (events, marks)]

    assert in_database(server, count) == [4, 3]  # with what told of the marks
    if by_hand:
        in_database(server, delete)
    else:
        ann.delete("/v1/me")
    assert in_database(server, count) == [0, 0]


def test_whoever_goes_posts_nothing_more(server: Server, ann: Person) -> None:
    """The account is marked while the request is on its way: nothing would ever take the record away."""
    from errors import InvalidCredential
    from models.event import EventCreate
    from services.accounts.user_removal import mark_user_deleted

    caller = Caller(ann.id, None)
    in_database(server, lambda tx: mark_user_deleted(tx, caller))
    with pytest.raises(InvalidCredential):
        in_database(server, lambda tx: posted.post_event(tx, caller, EventCreate(type="x", payload={})))
    assert count_events(server, ann) == 0

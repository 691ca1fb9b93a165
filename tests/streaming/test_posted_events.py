# test_posted_events.py -- a posted event on streams and in pages, where it has one type, and after its number has gone.
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

import access
from access import SYSTEM
from clock import utc_now
from db import Transaction
from events import changes
from models import Event
from support.api.accounts import join
from support.api.user_streams import as_on, find_end, opened, reset, take
from support.servers import Person, Server, ok, read_events, with_database

pytestmark = pytest.mark.also_on_mariadb


def post_event(person: Person, **payload: Any) -> dict[str, Any]:
    event: dict[str, Any] = person.post("/v1/events", type="chat.message", payload=payload)
    return event


def test_streams_and_pages_show_the_same_event_under_one_type(
    carl: Person, elsewhere: Server, scripted: Server
) -> None:
    """As it happens on this worker and on another one, and to whoever catches up."""
    carl.patch("/v1/me", display_name="Carl")
    start = find_end(carl)
    with opened(carl) as near, opened(as_on(elsewhere, carl)) as far:
        assert reset(near) == reset(far) == start
        first = carl.post("/v1/tasks", title="Before")
        event = post_event(carl, content="Hello", type="task.deleted", seq=0)
        last = carl.post("/v1/tasks", title="After")
        seen = take(near, 3)
        assert take(far, 3) == seen
    assert [(each.type, each.data) for each in seen] == [
        ("task.created", {"task": first}),
        ("event.posted", {"event": event}),
        ("task.created", {"task": last}),
    ]
    with opened(carl, after=start) as late:
        assert take(late, 3) == seen
    page = carl.get("/v1/changes", after=start)
    assert page["data"] == [{"type": each.type, "seq": each.id, **each.data} for each in seen]
    assert event["sender"]["name"] == "Carl"


def test_an_event_that_was_read_is_unread_on_streams(carl: Person) -> None:
    """What streams say is the same for all who may see it."""
    start = find_end(carl)
    event = post_event(carl, content="Hello")
    carl.post("/v1/events/read", event_ids=[event["id"]])
    posted, read = carl.get("/v1/changes", after=start)["data"]
    assert posted["event"] == event
    assert posted["event"]["read_at"] is None
    assert read == {"type": "event.read", "seq": read["seq"], "event_ids": [event["id"]]}


def test_marks_are_told_to_their_reader_alone_and_once(carl: Person, scripted: Server) -> None:
    dora = scripted.person()
    team = carl.post("/v1/accounts", name="Bakery")["id"]
    join(carl, team, dora)
    first, second = (carl.post("/v1/events", type="x", payload={}, account_id=team) for _ in range(2))
    starts = {person.id: find_end(person) for person in (carl, dora)}
    for ids in ([second["id"], first["id"]], [first["id"]]):
        dora.post("/v1/events/read", event_ids=ids)
    assert carl.get("/v1/changes", after=starts[carl.id])["data"] == []
    [told] = dora.get("/v1/changes", after=starts[dora.id])["data"]
    assert told == {"type": "event.read", "seq": told["seq"], "event_ids": [first["id"], second["id"]]}


def test_a_stranger_is_told_nothing(carl: Person, scripted: Server) -> None:
    bob = scripted.person()
    start = find_end(bob)
    with opened(bob) as stream:
        reset(stream)
        post_event(carl, content="A secret")
        task = bob.post("/v1/tasks", title="Mine")
        event = next(stream)
    assert (event.type, event.data) == ("task.created", {"task": task})
    assert [change["type"] for change in bob.get("/v1/changes", after=start)["data"]] == ["task.created"]


def test_a_request_that_is_repeated_is_told_once(carl: Person) -> None:
    start = find_end(carl)
    for _ in range(2):
        body = {"type": "x", "payload": {}}
        carl.http.post("/v1/events", json=body, headers={"Idempotency-Key": "once"})
    assert [change["type"] for change in carl.get("/v1/changes", after=start)["data"]] == ["event.posted"]


@pytest.mark.busy
def test_large_events_come_in_pieces_and_whole(carl: Person) -> None:
    start = find_end(carl)
    made = [post_event(carl, content=f"{n}" * 60_000) for n in range(8)]
    with opened(carl, after=start) as stream:
        assert [event.data["event"] for event in take(stream, 8)] == made
    seen: list[Any] = []
    while len(seen) < 8:
        page = carl.get("/v1/changes", after=start)
        assert 0 < sum(len(str(change)) for change in page["data"]) < changes.MAX_BATCH_CHARACTERS + 10_000
        seen += [change["event"] for change in page["data"]]
        start = page["next_after"]
    assert seen == made


def test_a_client_that_prefers_integers_gets_them_but_in_the_payload(carl: Person) -> None:
    moment = "2026-01-31T12:00:00.123999Z"
    prefer = {"Prefer": "timestamps=epoch-ms"}
    start = find_end(carl)
    body = {"type": "x", "payload": {"sent_at": moment, "event": {"created_at": moment}}}
    answer = ok(carl.http.post("/v1/events", json=body, headers=prefer))
    assert isinstance(answer["created_at"], int)
    assert answer["payload"] == body["payload"]
    assert ok(carl.http.get("/v1/events", headers=prefer))["data"] == [answer]
    [change] = ok(carl.http.get("/v1/changes", params={"after": start}, headers=prefer))["data"]
    assert change["event"] == answer
    resume = {**prefer, "Last-Event-ID": str(start)}
    with carl.http.stream("GET", "/v1/events/stream", headers=resume) as stream:
        assert next(read_events(stream)).data == {"event": answer}


@pytest.mark.busy
def test_a_record_stays_when_changes_and_its_own_number_have_gone(
    own_database_url: str, scripted: Server, carl: Person
) -> None:
    start = find_end(carl)
    event = post_event(carl, content="Hello")
    task = carl.post("/v1/tasks", title="A change")
    end = find_end(carl)

    async def age(tx: Transaction) -> None:
        every = access.visible_condition(SYSTEM, Event)
        await tx.execute(update(Event).where(every).values(created_at=utc_now() - timedelta(days=8)))
        expiring = (every, col(Event.expires_at).is_not(None))
        await tx.execute(update(Event).where(*expiring).values(expires_at=utc_now()))

    async def left(tx: Transaction) -> list[str]:
        return [row.type for row in (await tx.execute(access.select(SYSTEM, Event))).scalars()]

    with_database(own_database_url, lambda db: db.write(age))
    for housekeeping in ("delete_expired", "number_forgotten"):
        scripted.run(getattr(scripted.state.worker.housekeeping, housekeeping)())
    assert with_database(own_database_url, lambda db: db.read(left)) == ["chat.message"]
    assert carl.get("/v1/changes", after=start) == {"data": [], "next_after": end, "reset": True}
    [shown] = carl.get("/v1/events")["data"]
    assert shown == {**event, "created_at": shown["created_at"]}
    carl.post("/v1/events/read", event_ids=[event["id"]])
    assert carl.get("/v1/events", unread=True)["data"] == []
    carl.delete(f"/v1/tasks/{task['id']}")
    with opened(carl, after=end) as stream:
        assert [(seen.type, seen.id) for seen in take(stream, 2)] == [
            ("event.read", end + 1),
            ("task.deleted", end + 2),
        ]

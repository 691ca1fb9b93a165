# test_account.py -- the password, the profile and the end of a user.


from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlmodel import col, select

from db import Transaction
from models import Run, User
from support.api.problems import problem_of
from support.api.sign_in import NEW_PASSWORD, refresh, sign_in
from support.clients.oauth_client import open_app
from support.databases.table_rows import read_rows
from support.servers import (
    PASSWORD,
    Person,
    Server,
    in_database,
    ok,
    wait_until,
)


def test_a_changed_password_ends_all_other_sessions_but_not_this_one(server: Server) -> None:
    here = server.person()
    others = [server.sign_in(here.email) for _ in range(2)]
    changed = here.patch("/v1/me", current_password=PASSWORD, new_password=NEW_PASSWORD, display_name="Ann")
    assert changed["display_name"] == "Ann"
    assert here.http.get("/v1/me").status_code == 200
    for person in others:
        problem_of(person.http.get("/v1/me"), 401)
        problem_of(refresh(server, person.tokens["refresh_token"]), 401)
    assert refresh(server, here.tokens["refresh_token"]).status_code == 200
    problem_of(sign_in(server, here.email), 401)
    assert sign_in(server, here.email, NEW_PASSWORD).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"current_password": "not the right one", "new_password": NEW_PASSWORD, "display_name": "Changed"},
        {"new_password": NEW_PASSWORD, "display_name": "Changed"},
        {"current_password": PASSWORD, "display_name": "Changed"},
        {"current_password": PASSWORD, "new_password": "short", "display_name": "Changed"},
        {"current_password": PASSWORD, "new_password": None, "display_name": "Changed"},
        {"current_password": PASSWORD, "new_password": NEW_PASSWORD, "timezone": "Nowhere/Else"},
    ],
    ids=["wrong", "without the current", "without the new", "too short", "null", "with a wrong time zone"],
)
@pytest.mark.engines("sqlite")
def test_a_password_change_that_is_refused_changes_nothing(server: Server, body: dict[str, Any]) -> None:
    here = server.person()
    there = server.sign_in(here.email)
    before = here.get("/v1/me")
    problem = problem_of(here.http.patch("/v1/me", json=body), 422)
    assert PASSWORD not in str(problem)
    assert NEW_PASSWORD not in str(problem)
    assert here.get("/v1/me") == there.get("/v1/me") == before
    assert sign_in(server, here.email).status_code == 200


def test_two_password_changes_at_once_do_not_both_count(server: Server) -> None:
    person = server.person()
    passwords = [f"{NEW_PASSWORD} {number}" for number in range(3)]
    with ThreadPoolExecutor(3) as pool:
        patches = [
            pool.submit(
                person.http.patch, "/v1/me", json={"current_password": PASSWORD, "new_password": password}
            )
            for password in passwords
        ]
        answers = [patch.result().status_code for patch in patches]
    assert answers.count(200) == 1
    assert set(answers) <= {200, 409, 422}
    working = [
        password for password in passwords if sign_in(server, person.email, password).status_code == 200
    ]
    assert working == [passwords[answers.index(200)]]


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_deleting_an_account_leaves_no_row_of_it_and_every_row_of_others(server: Server) -> None:  # noqa: PLR0915
    def fill(person: Person) -> None:
        with_key = {"Idempotency-Key": "the-same-for-both"}
        ok(person.http.post("/v1/tasks", json={"title": "Buy milk"}, headers=with_key))
        person.chat("add call mom")
        assert person.chat("delete call mom")["status"] == "awaiting_approval"
        person.post("/v1/conversations", title="Empty")
        gone = person.chat("hello")["conversation_id"]
        person.delete(f"/v1/conversations/{gone}")  # of which a copy is kept
        event = person.post("/v1/events", type="note", payload={"text": "Remember"})
        ok(person.http.post("/v1/events/read", json={"event_ids": [event["id"]]}))
        person.post("/v1/me/tokens", name="A program", scopes=["read"])
        app.connect(person)
        agents = f"/v1/accounts/{person.id}/agents"
        agent = person.post(agents, name="Support")["id"]
        key = person.post(f"{agents}/{agent}/tokens", name="key", scopes=["read", "write"])["token"]
        group = person.post("/v1/conversations", kind="group", title="Ours", participant_ids=[agent])["id"]
        said = person.post(f"/v1/conversations/{group}/messages", content="Hello")
        person.patch(f"/v1/messages/{said['id']}", content="Good day")
        clerk = Person(person.id, person.email, server.client(Authorization=f"Bearer {key}"), {})
        answer = clerk.post(f"/v1/conversations/{group}/messages", content="At your service")
        person.http.post(
            f"/v1/conversations/{group}/read", json={"message_id": answer["id"]}
        ).raise_for_status()
        chat = person.post(f"/v1/chats/{person.id}/{agent}")["id"]
        person.post(f"/v1/chats/{person.id}/{agent}/{chat}/messages", content="show my tasks")
        refresh(server, person.tokens["refresh_token"])
        file = {
            "content": b"TYPE,CONTENT\ntask,Buy milk\n",
            "headers": {"Content-Type": "application/octet-stream"},
        }
        person.http.post("/v1/me/import", **file).raise_for_status()
        with person.http.stream("GET", "/v1/events/stream") as stream:
            next(stream.iter_lines())  # whoever reads numbers what happened

    async def at_work(tx: Transaction) -> int:
        working = (col(Run.status).in_(("queued", "running")), col(Run.is_external).is_(False))
        leaving = select(User).where(col(User.deleted_at).is_not(None), col(User.departed_at).is_(None))
        return len((await tx.execute(select(Run).where(*working))).all() + (await tx.execute(leaving)).all())

    wait_until(lambda: in_database(server, at_work) == 0)  # what former tests have left running or leaving
    app = open_app(server)
    app.connect(server.person())  # its registration is nobody's, and changes no more
    before = read_rows(server)
    gone = server.person()
    fill(gone)
    made = {name: found - before[name] for name, found in read_rows(server).items()}
    assert {name for name, found in made.items() if not found} <= {
        "rate_limits",
        "account_invitations",
        "oauth_clients",
    }
    stays = server.person()
    fill(stays)
    with_both = read_rows(server)
    gone.delete("/v1/me")
    after = read_rows(server)
    # The counter is everybody's, the log may have got more numbers meanwhile, and what streams have delivered is stored
    # a second later.
    for name in ("event_counter", "event_log", "conversation_participants", "message_deliveries"):
        del made[name]
    assert {name: with_both[name] - after[name] for name in made} == made
    assert [
        name for name, found in after.items() if str(gone.id) in str(found) or gone.id.hex in str(found)
    ] == []
    problem_of(gone.http.get("/v1/me"), 401)
    problem_of(refresh(server, gone.tokens["refresh_token"]), 401)
    problem_of(sign_in(server, gone.email), 401)
    assert stays.http.get("/v1/me").status_code == 200
    again = {"email": gone.email, "password": PASSWORD}
    assert ok(server.client().post("/v1/auth/register", json=again))["id"] != str(gone.id)


@pytest.mark.engines("sqlite")
def test_a_profile_is_changed_field_by_field(ann: Person) -> None:
    ann.patch("/v1/me", display_name="Ann", timezone="Asia/Tokyo")
    for tag, written in {
        "ZH-hant-tw": "zh-Hant-TW",
        "EN-gb": "en-GB",
        "es-419": "es-419",
        "ar": "ar",
    }.items():
        assert ann.patch("/v1/me", language=tag)["language"] == written
    changed = ann.patch("/v1/me", display_name=None)
    assert changed["language"] == "ar"
    assert (changed["display_name"], changed["timezone"]) == (None, "Asia/Tokyo")
    assert ann.get("/v1/me") == changed

# test_api_tokens.py -- API tokens: made in a session or by the operator, listed, revoked.
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from typer.testing import CliRunner

import access
import cli
from access import Caller
from db import Transaction
from identity import api_tokens
from models import ApiToken, IdempotencyKey
from security import hash_token
from settings import get_settings
from support.servers import PASSWORD, Person, Server, in_database, ok


def make(person: Person, **fields: Any) -> Any:
    return person.post("/v1/me/tokens", **{"name": "A program", "scopes": ["read", "write"], **fields})


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.also_on_mariadb
def test_a_token_is_shown_once_and_kept_as_a_hash(server: Server, ann: Person) -> None:
    answer = ann.http.post("/v1/me/tokens", json={"name": " Claude ", "scopes": ["write", "read"]})
    made = ok(answer)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    token = made.pop("token")
    assert token.startswith("parley_")
    assert len(token) == len("parley_") + 43
    assert made["prefix"] == token[:12]
    assert (made["name"], made["scopes"], made["last_used_at"]) == ("Claude", ["read", "write"], None)
    listed = ann.http.get("/v1/me/tokens")
    assert ok(listed) == {"data": [made], "next_cursor": None}
    assert token[12:] not in listed.text
    assert hash_token(token) not in listed.text


@pytest.mark.engines("sqlite")
def test_a_token_lasts_as_long_as_it_was_made_for(ann: Person) -> None:
    lifetimes = {}
    for days in (1, 3650, None):
        made = make(ann, expires_in_days=days)
        lifetimes[days] = made["expires_at"] and moment(made["expires_at"]) - moment(made["created_at"])
    default = make(ann)
    assert lifetimes[None] is None
    spare = timedelta(minutes=1)
    for days, lifetime in [(1, lifetimes[1]), (3650, lifetimes[3650])]:
        assert abs(lifetime - timedelta(days=days)) < spare
    assert abs(moment(default["expires_at"]) - datetime.now(UTC) - timedelta(days=90)) < spare


def test_the_list_is_newest_first_and_leaves_out_what_was_revoked(ann: Person) -> None:
    made = [make(ann, name=f"Program {number}") for number in range(3)]
    ann.delete(f"/v1/me/tokens/{made[1]['id']}")
    assert [token["name"] for token in ann.get("/v1/me/tokens")["data"]] == ["Program 2", "Program 0"]
    assert ann.http.delete(f"/v1/me/tokens/{made[1]['id']}").status_code == 404
    assert ann.http.delete(f"/v1/me/tokens/{uuid4()}").status_code == 404


@pytest.mark.also_on_mariadb
def test_a_person_has_only_so_many_tokens(monkeypatch: pytest.MonkeyPatch, ann: Person) -> None:
    monkeypatch.setattr(api_tokens, "TOKENS_PER_USER", 2)
    first = make(ann)
    make(ann)
    refused = ann.http.post("/v1/me/tokens", json={"name": "One more", "scopes": ["read"]})
    assert refused.status_code == 409
    ann.delete(f"/v1/me/tokens/{first['id']}")
    make(ann)


def test_a_new_password_ends_every_token(ann: Person) -> None:
    make(ann)
    ann.patch("/v1/me", current_password=PASSWORD, new_password="another horse battery")
    assert ann.get("/v1/me/tokens")["data"] == []


def with_key(person: Person, key: str, **fields: Any) -> httpx.Response:
    body = {"name": "A program", "scopes": ["read", "write"], **fields}
    return person.http.post("/v1/me/tokens", json=body, headers={"Idempotency-Key": key})


def test_a_token_that_is_asked_for_again_with_its_key_is_the_same_and_is_kept_nowhere(
    server: Server, ann: Person, bob: Person
) -> None:
    first = with_key(ann, "k-1")
    made = ok(first)
    assert first.headers["cache-control"] == "no-store"
    assert len(made["token"]) == len("parley_") + 43
    assert ok(with_key(ann, "k-1")) == made
    assert [token["id"] for token in ann.get("/v1/me/tokens")["data"]] == [made["id"]]
    assert with_key(ann, "k-1", name="Another").status_code == 422
    others = [ok(with_key(ann, "k-2")), ok(with_key(bob, "k-1")), make(ann)]
    assert len({token["token"] for token in [made, *others]}) == 4

    async def everything(tx: Transaction) -> str:
        caller = Caller(ann.id, None)
        tables = (ApiToken, IdempotencyKey)
        rows = [row for table in tables for row in (await tx.execute(access.select(caller, table))).scalars()]
        return " ".join(str(row.model_dump()) for row in rows)

    stored = in_database(server, everything)
    assert hash_token(made["token"]) in stored
    assert made["token"][12:] not in stored
    # Nor a plain hash of the request, at which somebody with a copy of the database could guess.
    content = f"POST /v1/me/tokens?\n{first.request.content.decode()}"
    assert hash_token(content) not in stored
    assert "'body': None" in stored


@pytest.mark.busy
def test_a_token_asked_for_eight_times_at_once_is_one(ann: Person) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: with_key(ann, "k-1"), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["token"] for answer in answers}) == 1
    assert len(ann.get("/v1/me/tokens")["data"]) == 1


@pytest.mark.engines("sqlite")
def test_the_key_of_a_revoked_token_does_not_give_it_back(ann: Person) -> None:
    made = ok(with_key(ann, "k-1"))
    ann.delete(f"/v1/me/tokens/{made['id']}")
    assert with_key(ann, "k-1").status_code == 410
    assert ann.get("/v1/me/tokens")["data"] == []


@pytest.fixture
def operator(server: Server, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("DATABASE_URL", server.settings.database_url.get_secret_value())
    monkeypatch.setenv("SECRET_KEY", "a key for tests that is long enough")
    get_settings.cache_clear()
    return CliRunner()


@pytest.mark.engines("sqlite")
@pytest.mark.busy
def test_the_operator_makes_tokens_too(operator: CliRunner, ann: Person) -> None:
    done = operator.invoke(
        cli.app, ["token", "create", ann.email.upper(), "--name", "Cron", "--days", "0", "--read-only"]
    )
    assert done.exit_code == 0, done.output
    [listed] = ann.get("/v1/me/tokens")["data"]
    assert (listed["name"], listed["scopes"], listed["expires_at"]) == ("Cron", ["read"], None)
    assert done.stdout.strip().startswith(listed["prefix"])
    assert len(done.stdout.strip()) == 50


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nobody@example.com", "--name", "Cron"], "nobody has this email"),
        (["<ann>", "--name", " "], "name: "),
        (["<ann>", "--name", "Cron", "--days", "3651"], "expires_in_days: "),
    ],
)
@pytest.mark.engines("sqlite")
def test_the_operator_is_told_in_one_line_what_is_wrong(
    operator: CliRunner, ann: Person, arguments: list[str], words: str
) -> None:
    email, *options = arguments
    done = operator.invoke(cli.app, ["token", "create", ann.email if email == "<ann>" else email, *options])
    assert done.exit_code == 1
    assert done.stderr.startswith(f"parley: {words}")
    assert done.stderr.count("\n") == 1
    assert ann.get("/v1/me/tokens")["data"] == []

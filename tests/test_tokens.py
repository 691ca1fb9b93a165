# tests/test_tokens.py -- access tokens: made in a session or by the operator, listed, revoked, good for /mcp alone.
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner

import cli
from security import hash_token
from servers import PASSWORD, Person, Server, ok
from services import tokens
from settings import get_settings


def make(person: Person, **fields: Any) -> Any:
    return person.post("/v1/me/tokens", **{"name": "A program", "scopes": ["read", "write"], **fields})


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


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


def test_a_token_counts_nowhere_in_the_rest_api(server: Server, ann: Person) -> None:
    token = make(ann)["token"]
    program = server.client(Authorization=f"Bearer {token}")
    for path in ("/v1/me", "/v1/tasks", "/v1/me/tokens"):
        assert program.get(path).status_code == 401
    refused = program.post("/v1/me/tokens", json={"name": "Another", "scopes": ["read", "write"]})
    assert refused.status_code == 401


def test_a_person_has_only_so_many_tokens(monkeypatch: pytest.MonkeyPatch, ann: Person) -> None:
    monkeypatch.setattr(tokens, "TOKENS_PER_USER", 2)
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


@pytest.fixture
def operator(server: Server, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("DATABASE_URL", server.settings.database_url.get_secret_value())
    monkeypatch.setenv("SECRET_KEY", "a key for tests that is long enough")
    get_settings.cache_clear()
    return CliRunner()


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
def test_the_operator_is_told_in_one_line_what_is_wrong(
    operator: CliRunner, ann: Person, arguments: list[str], words: str
) -> None:
    email, *options = arguments
    done = operator.invoke(cli.app, ["token", "create", ann.email if email == "<ann>" else email, *options])
    assert done.exit_code == 1
    assert done.stderr.startswith(f"parley: {words}")
    assert done.stderr.count("\n") == 1
    assert ann.get("/v1/me/tokens")["data"] == []

# test_sign_in.py -- sign in: the tokens, and refusals that cost and look the same.
import asyncio
from typing import Any
from uuid import uuid4

import argon2.low_level
import bcrypt
import pytest
from sqlmodel import select, update

from db import Transaction
from identity import auth
from models import User
from security import hash_token
from support.api.problems import problem_of
from support.api.sign_in import NEW_PASSWORD, me, sign_in
from support.databases.table_rows import read_rows
from support.servers import (
    PASSWORD,
    Server,
    in_database,
    ok,
)

# Hashes are compared in memory; a race is tried on both.
pytestmark = pytest.mark.engines("sqlite")


@pytest.mark.busy
def test_signing_in_gives_tokens_that_nobody_keeps(server: Server) -> None:
    answer = sign_in(server, server.register())
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 15 * 60)
    assert me(server, tokens["access_token"]).status_code == 200
    kept = str(read_rows(server))
    assert tokens["refresh_token"] not in kept
    assert tokens["access_token"] not in kept
    assert hash_token(tokens["refresh_token"]) in kept


def test_an_unknown_email_and_a_wrong_password_get_the_same_answer_for_the_same_work(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = server.register()
    sign_in(server, "nobody@example.com")  # the first one makes the hash that it compares with
    done: list[str] = []
    for name in ("hash_secret", "verify_secret"):
        original = getattr(argon2.low_level, name)

        def counting(*args: Any, _name: str = name, _original: Any = original, **kw: Any) -> Any:
            done.append(_name)
            return _original(*args, **kw)

        monkeypatch.setattr(argon2.low_level, name, counting)
    for password in ("wrong " + PASSWORD, "", "x" * 5_000, "pass\0word"):
        wrong = sign_in(server, email, password)
        work = done.copy()
        done.clear()
        unknown = sign_in(server, f"{uuid4().hex}@example.com", password)
        assert (problem_of(wrong, wrong.status_code), work) == (problem_of(unknown, wrong.status_code), done)
        assert wrong.status_code in (401, 422)
        own = {"date": "", "x-request-id": ""}
        assert {**wrong.headers, **own} == {**unknown.headers, **own}
        done.clear()
    assert (
        problem_of(sign_in(server, email, "wrong " + PASSWORD), 401)["detail"]
        == "The email or the password is wrong."
    )


@pytest.mark.busy
def test_a_refusal_is_the_same_work_for_hashes_of_whatever_days(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: each bcrypt is 2 to the power of its cost, and each argon2 the same."""
    work = {"argon2": 0, "bcrypt": 0}
    emails = {cost: server.register() for cost in (4, 5, 7, None)}

    async def put(tx: Transaction) -> None:
        for cost, email in emails.items():
            if cost:
                stored = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(cost)).decode()
                await tx.execute(update(User).where(User.email == email).values(password_hash=stored))  # type: ignore[arg-type]

    in_database(server, put)
    monkeypatch.setattr(server.state.auth.legacy_hashes, "_read_at", None)
    hashpw, verify_secret = bcrypt.hashpw, argon2.low_level.verify_secret

    def count_bcrypt(password: bytes, salt: bytes) -> bytes:
        made = hashpw(password, salt)  # unless it refuses the password unread
        work["bcrypt"] += 2 ** int(salt[4:6])
        return made

    def count_argon2(*args: Any) -> bool:
        work["argon2"] += 1
        return verify_secret(*args)

    monkeypatch.setattr(bcrypt, "hashpw", count_bcrypt)
    monkeypatch.setattr(argon2.low_level, "verify_secret", count_argon2)
    for password in ("wrong " + PASSWORD, "x" * 100, "pass\0word"):
        found = []
        for email in [*emails.values(), f"{uuid4().hex}@example.com"]:
            work.update(argon2=0, bcrypt=0)
            problem_of(sign_in(server, email, password), 401)
            found.append(dict(work))
        assert found == [{"argon2": 1, "bcrypt": 2**7}] * 5, password

    async def forget(tx: Transaction) -> None:
        await tx.execute(update(User).where(User.email.in_(emails.values())).values(password_hash="!"))  # type: ignore[attr-defined]

    in_database(server, forget)
    monkeypatch.setattr(server.state.auth.legacy_hashes, "_read_at", None)
    work.update(argon2=0, bcrypt=0)
    problem_of(sign_in(server, f"{uuid4().hex}@example.com", "wrong " + PASSWORD), 401)
    assert work == {"argon2": 1, "bcrypt": 0}, "where no such hash is left, nobody pays for one"


def test_a_bcrypt_hash_of_former_days_signs_in_and_is_made_anew(server: Server) -> None:
    email = server.register()
    stored = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()

    async def put(tx: Transaction) -> None:
        await tx.execute(update(User).where(User.email == email).values(password_hash=stored))  # type: ignore[arg-type]

    async def take(tx: Transaction) -> str:
        return (await tx.execute(select(User.password_hash).where(User.email == email))).scalar_one()

    in_database(server, put)
    assert sign_in(server, email, "wrong " + PASSWORD).status_code == 401
    assert in_database(server, take) == stored
    assert sign_in(server, email).status_code == 200
    assert in_database(server, take).startswith("$argon2id$")
    assert sign_in(server, email).status_code == 200


@pytest.mark.parametrize("change", ["changed", "deleted"])
@pytest.mark.engines("sqlite", "postgresql")
def test_a_password_that_was_right_until_a_moment_ago_opens_no_session(
    server: Server, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """A hash takes a tenth of a second: long enough for somebody to change the password meanwhile."""
    person = server.person()
    verified = auth.verify_in_thread

    async def slowly(password: str, password_hash: str | None) -> tuple[bool, str | None]:
        result = await verified(password, password_hash)
        monkeypatch.setattr(auth, "verify_in_thread", verified)
        request = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        if change == "changed":
            await asyncio.to_thread(lambda: person.patch("/v1/me", **request))
        else:
            await asyncio.to_thread(lambda: person.delete("/v1/me"))
        return result

    monkeypatch.setattr(auth, "verify_in_thread", slowly)
    problem_of(sign_in(server, person.email), 401)


def test_the_authorize_button_of_the_docs_knows_where_to_sign_in(server: Server) -> None:
    schema = ok(server.client().get("/openapi.json"))
    scheme = schema["components"]["securitySchemes"]["OAuth2PasswordBearer"]
    assert scheme["type"] == "oauth2"
    flow = scheme["flows"]["password"]
    assert (flow["tokenUrl"], flow["refreshUrl"]) == ("/v1/auth/token", "/v1/auth/refresh")
    form = schema["paths"]["/v1/auth/token"]["post"]["requestBody"]["content"]
    assert form.keys() == {"application/x-www-form-urlencoded", "application/json"}
    email = server.register()
    # As Swagger UI sends it: with the grant type, and the client's (empty) credentials in a header of their own.
    fields = {"grant_type": "password", "username": email, "password": PASSWORD, "scope": ""}
    answer = server.client(Authorization="Basic Og==").post(flow["tokenUrl"], data=fields)
    assert me(server, ok(answer)["access_token"]).status_code == 200
    assert "swagger-ui" in server.client().get("/docs").text

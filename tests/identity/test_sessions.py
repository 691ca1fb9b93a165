# test_sessions.py -- how sign-ins fork, end together, are bounded, and go when they ended long ago.
import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select, update

from access import SYSTEM, batch_deletion
from clock import utc_now
from db import Transaction
from identity import rate_limits, sessions
from models import AuthSession, IdempotencyKey, RateLimit, RefreshToken
from services import idempotency
from support.api.problems import problem_of
from support.api.sign_in import NEW_PASSWORD, me, refresh
from support.databases.unchecked import open_unchecked
from support.servers import PASSWORD, Person, Server, in_database, ok, serving, settings_for, wait_until

# The rules of a family are the same on each engine; what is deleted in slices is tried on both.
pytestmark = pytest.mark.engines("sqlite")


def tokens_of(person: Person) -> str:
    return str(person.tokens["refresh_token"])


def rotated(server: Server, refresh_token: str) -> dict[str, Any]:
    tokens: dict[str, Any] = ok(refresh(server, refresh_token))
    return tokens


# A token that comes again


@pytest.mark.also_on_mariadb
def test_a_token_that_comes_a_third_time_ends_the_family_with_its_fork(server: Server) -> None:
    person = server.person()
    one, two = rotated(server, tokens_of(person)), rotated(server, tokens_of(person))
    problem_of(refresh(server, tokens_of(person)), 401)
    for tokens in (one, two):
        problem_of(refresh(server, tokens["refresh_token"]), 401)
        wait_until(lambda tokens=tokens: me(server, tokens["access_token"]).status_code == 401)


def test_a_token_does_not_come_again_once_somebody_has_gone_far_with_what_it_gave(server: Server) -> None:
    """The answer was not lost, then; and nobody keeps a tab waiting through two refreshes of another."""
    person = server.person()
    tokens = rotated(server, tokens_of(person))
    tokens = rotated(server, tokens["refresh_token"])
    tokens = rotated(server, tokens["refresh_token"])
    problem_of(refresh(server, tokens_of(person)), 401)
    problem_of(refresh(server, tokens["refresh_token"]), 401)


@pytest.mark.busy
def test_a_lost_answer_is_asked_for_again_at_every_refresh(server: Server) -> None:
    """On a bad line each answer may be lost once; what is left over of it does not pile up."""
    token = tokens_of(person := server.person())
    for _ in range(3 * sessions.FORKS_PER_FAMILY):
        rotated(server, token)  # and nobody got the answer
        token = rotated(server, token)["refresh_token"]

    async def count(tx: Transaction) -> int:
        mine = select(AuthSession).where(
            AuthSession.user_id == person.id, *sessions.active_session_conditions()
        )
        return len((await tx.execute(mine)).all())

    assert in_database(server, count) <= sessions.FORKS_PER_FAMILY
    fresh = rotated(server, token)
    listed = ok(server.client(Authorization=f"Bearer {fresh['access_token']}").get("/v1/me/sessions"))
    assert [session["current"] for session in listed["data"]] == [True]


@pytest.mark.parametrize("way", ["logout", "sessions"])
def test_signing_out_ends_the_forks_too(server: Server, way: str) -> None:
    person = server.person()
    one, two = rotated(server, tokens_of(person)), rotated(server, tokens_of(person))
    http = server.client(Authorization=f"Bearer {two['access_token']}")
    if way == "logout":
        ok(http.post("/v1/auth/logout"))
    else:
        [session] = ok(http.get("/v1/me/sessions"))["data"]
        ok(http.delete(f"/v1/me/sessions/{session['id']}"))
    for tokens in (one, two):
        problem_of(refresh(server, tokens["refresh_token"]), 401)


def test_a_fork_is_as_old_as_the_sign_in_that_it_was_forked_from(server: Server) -> None:
    """Or whoever has got a refresh token could make themselves a session that has just signed in."""
    person = server.person()
    [signed_in] = person.get("/v1/me/sessions")["data"]
    rotated(server, tokens_of(person))
    fork = rotated(server, tokens_of(person))
    http = server.client(Authorization=f"Bearer {fork['access_token']}")
    [forked] = ok(http.get("/v1/me/sessions"))["data"]
    assert forked["id"] != signed_in["id"]
    assert forked["created_at"] == signed_in["created_at"]


# A new password


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_a_new_password_ends_every_fork_and_the_person_stays_signed_in(server: Server) -> None:
    person = server.person()
    thief = rotated(server, tokens_of(person))
    fork = rotated(server, tokens_of(person))
    owner = rotated(server, fork["refresh_token"])
    http = server.client(Authorization=f"Bearer {owner['access_token']}")
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert http.patch("/v1/me", json=body).status_code == 200
    problem_of(refresh(server, thief["refresh_token"]), 401)
    problem_of(me(server, thief["access_token"]), 401)
    assert http.get("/v1/me").status_code == 200
    after = rotated(server, owner["refresh_token"])
    # What was used up before can neither end the new family nor fork it.
    for used in (person.tokens, fork):
        problem_of(refresh(server, used["refresh_token"]), 401)
    assert refresh(server, after["refresh_token"]).status_code == 200


# How many


@pytest.mark.also_on_mariadb
def test_the_session_that_was_used_longest_ago_ends_where_there_are_too_many(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "SESSIONS_PER_USER", 3)
    first = server.person()
    others = [server.sign_in(first.email) for _ in range(2)]
    rotated(server, tokens_of(first))  # the first one is used, the second one is not
    newest = server.sign_in(first.email)
    wait_until(lambda: others[0].http.get("/v1/me").status_code == 401)
    for person in (first, others[1], newest):
        assert person.http.get("/v1/me").status_code == 200
    assert len(first.get("/v1/me/sessions")["data"]) == 3


def test_a_session_refreshes_only_so_often(
    new_database: Callable[[str], str], engine_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(settings_for(new_database(engine_name), rate_limits="on")) as counting:
        refresh_until_refused(counting, monkeypatch)


def refresh_until_refused(counting: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tokens_of(counting.person())
    monkeypatch.setattr("identity.auth.REFRESH_PER_SESSION", rate_limits.RateLimitItemPerHour(3))
    for _ in range(3):
        token = rotated(counting, token)["refresh_token"]
    assert "retry-after" in refresh(counting, token).headers
    assert refresh(counting, "unknown").status_code == 401


# What ended long ago


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_sessions_that_ended_long_ago_go_with_their_tokens_a_few_at_a_time(server: Server) -> None:
    stays = server.person()
    for kind in ("revoked", "expired", "yesterday"):
        person = server.sign_in(stays.email)
        token = tokens_of(person)
        for _ in range(4):
            token = rotated(server, token)["refresh_token"]
        [row] = [s["id"] for s in person.get("/v1/me/sessions")["data"] if s["current"]]
        then = utc_now() - (timedelta(days=1) if kind == "yesterday" else sessions.ENDED_RETENTION * 2)
        ended = {"expires_at": then} if kind == "expired" else {"revoked_at": then}

        async def end(tx: Transaction, row: str = row, ended: dict[str, Any] = ended) -> None:
            await tx.execute(update(AuthSession).where(AuthSession.id == UUID(row)).values(**ended))  # type: ignore[arg-type]

        in_database(server, end)

    async def clean(tx: Transaction) -> int:
        return await sessions.delete_ended_sessions(tx, SYSTEM, 3)

    async def left(tx: Transaction) -> tuple[int, int]:
        mine = select(AuthSession.id).where(AuthSession.user_id == stays.id)
        tokens = select(RefreshToken.token_hash).where(RefreshToken.session_id.in_(mine))  # type: ignore[attr-defined]
        return len((await tx.execute(mine)).all()), len((await tx.execute(tokens)).all())

    assert in_database(server, left) == (4, 16)
    steps = []
    while gone := in_database(server, clean):
        steps.append(gone)
    assert sum(steps) == 12
    assert max(steps) <= 3 + batch_deletion.PARENT_BATCH
    assert len(steps) > 3
    assert in_database(server, left) == (2, 6)
    assert stays.http.get("/v1/me").status_code == 200


@pytest.mark.engines("sqlite", "postgresql")
def test_keys_and_counts_that_are_of_no_more_use_go_a_few_at_a_time(ann: Person, server: Server) -> None:
    async def fill(tx: Transaction) -> None:
        old = utc_now() - timedelta(days=30)
        for number in range(5):
            lock = {"request_hash": "-", "locked_until": old, "created_at": old}
            tx.add(IdempotencyKey(user_id=ann.id, key=f"old {number}", **lock))
            tx.add(RateLimit(key=f"old {number} of {ann.id}", hits=1, expires_at=old))
        tx.add(RateLimit(key=f"of {ann.id}", hits=1, expires_at=utc_now() + timedelta(hours=1)))

    ok(ann.http.post("/v1/tasks", json={"title": "Buy milk"}, headers={"Idempotency-Key": "new"}))
    in_database(server, fill)

    async def clean() -> list[int]:
        db = open_unchecked(server.settings.database_url.get_secret_value())
        try:
            found = [await db.write(idempotency.delete_old_keys, SYSTEM, 3) for _ in range(4)]
            return found + [await db.write(rate_limits.delete_expired_limits, 3) for _ in range(4)]
        finally:
            await db.close()

    assert asyncio.run(clean()) == [3, 2, 0, 0] * 2

    async def left(tx: Transaction) -> tuple[list[str], list[str]]:
        keys = select(IdempotencyKey.key).where(IdempotencyKey.user_id == ann.id)
        counts = select(RateLimit.key).where(RateLimit.key.like(f"%{ann.id}"))  # type: ignore[attr-defined]
        return list((await tx.execute(keys)).scalars()), list((await tx.execute(counts)).scalars())

    assert in_database(server, left) == (["new"], [f"of {ann.id}"])

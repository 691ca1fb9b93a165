# test_rate_limits.py -- how often one may sign in or register, counted per email and per address.
import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import event

from clock import utc_now
from db import Transaction
from identity import auth, rate_limits
from identity.password_hashing import NICENESS, HashingPool
from support.api.problems import problem_of
from support.api.sign_in import NEW_PASSWORD, sign_in
from support.clock import pass_time
from support.databases.table_rows import read_rows
from support.servers import (
    PASSWORD,
    Person,
    Server,
    in_database,
    ok,
    serving,
    settings_for,
    wait_until,
)
from timings import Timings

# test_engines.py counts on every engine; which counts there are, and what follows, is the same on each.
pytestmark = pytest.mark.engines("sqlite")


@contextmanager
def statements(server: Server) -> Iterator[list[str]]:
    """What the server asks its database meanwhile, without the beginnings of transactions."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    engine = server.state.db.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True, scope="session")
@pytest.mark.parametrize(
    ("proxies", "believed", "address", "secure"),
    [
        ([], "127.0.0.1", "127.0.0.1", False),
        (["192.0.2.1"], "*", "127.0.0.1", False),
        (["127.0.0.1"], "192.0.2.1", "198.51.100.7", True),
    ],
)
def test_forwarding_headers_count_where_the_settings_say_so_whatever_uvicorn_believes(
    new_database: Callable[[str], str],
    engine_name: str,
    proxies: list[str],
    believed: str,
    address: str,
    secure: bool,
) -> None:
    """uvicorn believes those of 127.0.0.1 by itself."""
    settings = settings_for(new_database(engine_name), trusted_proxies=proxies)
    said = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Forwarded-Proto": "https"}
    with serving(settings, proxy_headers=True, forwarded_allow_ips=believed) as server:
        person = server.person()
        http = server.client(**said, **{"X-Parley-Console": "1"})
        answer = http.post("/v1/web/session", json={"email": person.email, "password": PASSWORD})
        assert ("Secure" in answer.headers["set-cookie"]) == secure
        found = {session["address"] for session in person.get("/v1/me/sessions")["data"]}
        assert found == {"127.0.0.1", address}


# Limits


@pytest.fixture(scope="module")
def limited(engine_name: str, new_database: Callable[[str], str]) -> Iterator[tuple[Server, Server]]:
    """Two workers that count, on one database, behind a proxy that they trust: so each test has its own address."""
    settings = settings_for(new_database(engine_name), rate_limits="on", trusted_proxies=["127.0.0.1"])
    # Statements are counted: no worker looks for runs meanwhile.
    timings = Timings(worker_poll=600.0)
    with serving(settings, timings=timings) as one, serving(settings, timings=timings) as two:
        yield one, two


@pytest.fixture
def address() -> str:
    number = uuid4().int
    return f"2001:db8:{number % 65536:x}:{(number >> 16) % 65536:x}::{(number >> 64) % 65535 + 1:x}"


def too_many(answer: httpx.Response, at_most: int) -> None:
    problem = problem_of(answer, 429)
    seconds = int(answer.headers["retry-after"])
    assert 1 <= seconds <= at_most
    assert problem["detail"] == f"Too many attempts. Try again in {seconds} seconds."


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_sign_ins_per_email_are_limited_and_counted_across_workers(
    limited: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    email = limited[0].register()
    for number in range(10):
        # Each from an address of its own, in another case, and now on this worker, now on that.
        tries = {"X-Forwarded-For": f"192.0.2.{number}"}
        problem_of(
            sign_in(limited[number % 2], email.upper() if number % 3 else email, "wrong", **tries), 401
        )
    for server in limited:
        too_many(sign_in(server, email, **{"X-Forwarded-For": "192.0.2.77"}), at_most=300)
    assert sign_in(limited[1], limited[0].register(), **{"X-Forwarded-For": "192.0.2.77"}).status_code == 200
    pass_time(monkeypatch, seconds=301)
    assert sign_in(limited[1], email, **{"X-Forwarded-For": "192.0.2.77"}).status_code == 200


@pytest.mark.busy
def test_whoever_guesses_in_one_network_locks_nobody_out_elsewhere(limited: tuple[Server, Server]) -> None:
    email = limited[0].register()
    for number in range(12):
        tries = {"X-Forwarded-For": f"203.0.113.{number % 10}"}
        assert sign_in(limited[number % 2], email, "wrong", **tries).status_code == (
            401 if number < 10 else 429
        )
    too_many(sign_in(limited[0], email, **{"X-Forwarded-For": "203.0.113.200"}), at_most=300)
    assert sign_in(limited[1], email, **{"X-Forwarded-For": "203.0.114.1"}).status_code == 200


def test_guessing_from_everywhere_is_limited_too(limited: tuple[Server, Server]) -> None:
    email = limited[0].register()
    window = rate_limits.SIGN_IN_PER_EMAIL

    async def nearly_use_up(tx: Transaction) -> None:
        key = rate_limits.hash_key(window.key_for("sign-in", email))
        await rate_limits.add_hits(tx, key, 3600, window.amount - 1)

    in_database(limited[0], nearly_use_up)
    problem_of(sign_in(limited[0], email, "wrong", **{"X-Forwarded-For": "198.18.1.1"}), 401)
    too_many(sign_in(limited[1], email, **{"X-Forwarded-For": "198.18.2.1"}), at_most=3600)


def test_an_email_that_nobody_has_is_limited_like_any_other(
    limited: tuple[Server, Server], address: str
) -> None:
    email = f"{uuid4().hex}@example.com"
    for _ in range(10):
        problem_of(sign_in(limited[0], email, **{"X-Forwarded-For": address}), 401)
    too_many(sign_in(limited[1], email, **{"X-Forwarded-For": address}), at_most=300)


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_whoever_is_refused_and_goes_on_costs_one_statement_at_most(
    limited: tuple[Server, Server], address: str
) -> None:
    server, email = limited[0], f"{uuid4().hex}@example.com"
    tries = {"X-Forwarded-For": address}
    while sign_in(server, email, **tries).status_code != 429:
        pass
    with statements(server) as seen:
        for _ in range(5):
            too_many(sign_in(server, email, "wrong", **tries), at_most=300)
            assert len(seen) <= 1  # the count of what is not over its limit
            seen.clear()


def test_no_more_refusals_are_remembered_than_there_is_room_for(
    limited: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "MAX_REMEMBERED", 3)
    limits = rate_limits.RateLimiter(limited[0].state.db, enabled=True)
    until = utc_now() + timedelta(seconds=60)
    for key in "abcab":
        limits._remember(key, until)
    limits._remember("d", until)
    assert list(limits._refused) == ["a", "b", "d"]


@pytest.fixture
def blocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """One hash at a time and one that waits; none ends before the event."""
    gate = threading.Event()

    def verify(*asked: object) -> tuple[bool, str | None]:
        gate.wait(15)
        return False, None

    monkeypatch.setattr(auth, "HASHING_POOL", HashingPool(1, 1))
    monkeypatch.setattr(auth, "verify_password", verify)
    yield gate
    gate.set()


def test_a_flood_of_sign_ins_waits_in_a_queue_with_an_end(
    server: Server, ann: Person, blocked: threading.Event
) -> None:
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(sign_in, server, ann.email, "wrong") for _ in range(2)]
        wait_until(lambda: auth.HASHING_POOL._places._value == 0)
        answer = sign_in(server, ann.email)
        problem_of(answer, 503)
        assert int(answer.headers["retry-after"]) > 0
        new = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
        problem_of(server.client().post("/v1/auth/register", json=new), 503)
        change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        problem_of(ann.http.patch("/v1/me", json=change), 503)
        assert ann.get("/v1/me")["email"] == ann.email
        blocked.set()
        assert [one.result().status_code for one in waiting] == [401, 401]
    problem_of(sign_in(server, ann.email, "wrong"), 401)


@pytest.mark.skipif(sys.platform != "linux", reason="no niceness of threads")
@pytest.mark.parametrize("more", [0, 5, 18])
def test_hashes_stand_behind_everything_else_however_nice_that_is(more: int) -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def compare() -> tuple[int, int]:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness() + more)
        return niceness(), asyncio.run(HashingPool(1).run(niceness))

    with ThreadPoolExecutor(1) as pool:  # a thread that is gone afterwards: it cannot become less nice again
        ours, of_hashes = pool.submit(compare).result()
    assert of_hashes == min(ours + NICENESS, 19)


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_signing_in_at_last_clears_the_count_of_the_email(limited: tuple[Server, Server]) -> None:
    email = limited[0].register()
    for round_ in range(2):
        for number in range(9):
            tries = {"X-Forwarded-For": f"198.51.100.{round_ * 10 + number}"}
            problem_of(sign_in(limited[number % 2], email, "wrong", **tries), 401)
        assert (
            sign_in(limited[0], email, **{"X-Forwarded-For": f"198.51.100.{200 + round_}"}).status_code == 200
        )


@pytest.mark.busy
def test_an_ipv6_network_counts_as_one_address(limited: tuple[Server, Server], address: str) -> None:
    network = address.rpartition("::")[0]
    for number in range(30):
        somebody = f"{uuid4().hex}@example.com"
        problem_of(sign_in(limited[0], somebody, **{"X-Forwarded-For": f"{network}::{number + 1:x}"}), 401)
    too_many(sign_in(limited[1], "x@example.com", **{"X-Forwarded-For": f"{network}:1:2:3:4"}), at_most=60)


@pytest.mark.busy
def test_sign_ins_per_address_are_limited_and_counted_across_workers(
    limited: tuple[Server, Server], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(
        4
    ) as pool:  # at once, so that a count that is read and written apart would be lost
        tries = [
            pool.submit(
                sign_in, limited[number % 2], f"{uuid4().hex}@example.com", **{"X-Forwarded-For": address}
            )
            for number in range(34)
        ]
        statuses = sorted(attempt.result().status_code for attempt in tries)
    assert statuses == [401] * 30 + [429] * 4
    too_many(sign_in(limited[1], limited[1].register(), **{"X-Forwarded-For": address}), at_most=60)
    pass_time(monkeypatch, seconds=61)
    assert sign_in(limited[0], limited[1].register(), **{"X-Forwarded-For": address}).status_code == 200


def test_registrations_per_address_are_limited(limited: tuple[Server, Server], address: str) -> None:
    client = limited[0].client(**{"X-Forwarded-For": address})
    window = rate_limits.REGISTER_PER_ADDRESS

    async def use_up(tx: Transaction) -> None:
        key = rate_limits.hash_key(window.key_for("register", rate_limits.network_of(address)))
        await rate_limits.add_hits(tx, key, 3600, window.amount)

    in_database(limited[0], use_up)
    new = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
    too_many(client.post("/v1/auth/register", json=new), at_most=3600)
    assert new["email"] not in str(read_rows(limited[0])["users"])


@pytest.mark.busy
def test_guessing_the_current_password_is_limited(limited: tuple[Server, Server]) -> None:
    person = limited[0].person()
    there = limited[1].client(Authorization=f"Bearer {person.tokens['access_token']}")
    body = {"current_password": "not the right one", "new_password": NEW_PASSWORD}
    for number in range(10):
        problem_of((person.http, there)[number % 2].patch("/v1/me", json=body), 422)
    too_many(there.patch("/v1/me", json={**body, "current_password": PASSWORD}), at_most=300)
    assert person.http.patch("/v1/me", json={"display_name": "Ann"}).status_code == 200


def test_neither_emails_nor_addresses_are_kept_for_counting(
    limited: tuple[Server, Server], address: str
) -> None:
    email = f"{uuid4().hex}@example.com"
    sign_in(limited[0], email, **{"X-Forwarded-For": address})
    kept = str(read_rows(limited[0])["rate_limits"])
    assert email not in kept
    assert address not in kept


def addresses(server: Server, forwarded: str) -> str:
    """Which address the server takes a sign-in with this X-Forwarded-For to come from."""
    tokens = ok(sign_in(server, server.register(), **{"X-Forwarded-For": forwarded}))
    [session] = ok(server.client(Authorization=f"Bearer {tokens['access_token']}").get("/v1/me/sessions"))[
        "data"
    ]
    return str(session["address"])


@pytest.mark.busy
def test_a_forwarding_header_counts_only_from_a_proxy_that_is_trusted(server: Server) -> None:
    """`server` trusts nobody. Were it otherwise, whoever guesses passwords would choose a new address each time."""
    assert addresses(server, "203.0.113.7") == "127.0.0.1"
    url = server.settings.database_url.get_secret_value()
    with serving(settings_for(url, trusted_proxies=["10.0.0.0/8", "127.0.0.1"])) as trusting:
        assert addresses(trusting, "203.0.113.7") == "203.0.113.7"
        # The last that none of our proxies has added: the rest is what the client likes to say.
        assert addresses(trusting, "1.2.3.4, 203.0.113.7, 10.1.2.3") == "203.0.113.7"
        assert addresses(trusting, "x" * 200) in ("127.0.0.1", "x" * 64)
    with serving(settings_for(url, trusted_proxies=["192.0.2.1"])) as distrusting:
        assert addresses(distrusting, "203.0.113.7") == "127.0.0.1"

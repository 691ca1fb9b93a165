# test_engines.py -- what storage/ promises of every engine, and how it reads the URLs of MariaDB.
import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from anyio import fail_after
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select

from clock import utc_now
from db import Database, is_retryable
from identity.rate_limits import add_hits
from models import Task, User
from settings import SettingsError
from storage.dialects import read_clock, take_schema_lock
from storage.engines import open_engine, parse_database_url
from storage.failures import is_foreign_key_violation
from storage.schema.bootstrap import bootstrap
from support.databases.mariadb import MariaDBServer
from support.databases.postgres import PostgresServer
from support.databases.table_rows import add_user
from support.servers import with_database

T = TypeVar("T")


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def url(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> str:
    """A database with our tables on each engine, shared by the tests here: make rows of your own."""
    made = new_database(request.param)
    with_database(made, lambda db: bootstrap(db.engine))
    return made


def test_tries_are_counted_right_however_many_come_at_once(url: str) -> None:
    key = uuid4().hex

    async def work(db: Database) -> list[int]:
        return await asyncio.gather(*[db.write(add_hits, key, 60, 1) for _ in range(40)])

    assert sorted(with_database(url, work)) == list(range(1, 41))


def test_a_window_that_has_ended_is_counted_from_the_start_again(url: str) -> None:
    key = uuid4().hex

    async def work(db: Database) -> list[int]:
        return [await db.write(add_hits, key, seconds, 1) for seconds in (-1, -1, 60, 60, 60)]

    assert with_database(url, work) == [1, 1, 1, 2, 3]


def test_the_clock_is_in_utc_and_exact_to_the_microsecond(url: str) -> None:
    async def work(db: Database) -> list[datetime]:
        return [await db.read(read_clock) for _ in range(5)]

    moments = with_database(url, work)
    assert all(abs(moment - utc_now()) < timedelta(seconds=10) for moment in moments)
    assert any(moment.microsecond % 1000 for moment in moments)
    assert {moment.tzinfo for moment in moments} == {UTC}


def test_a_row_of_a_user_who_is_gone_is_known_as_an_orphan_and_a_double_one_is_not(url: str) -> None:
    async def refused(db: Database, row: Any) -> IntegrityError:
        with pytest.raises(IntegrityError) as caught:
            async with db.transaction() as tx:
                tx.add(row)
        return caught.value

    async def work(db: Database) -> None:
        assert is_foreign_key_violation(await refused(db, Task(user_id=uuid4(), title="x")))
        ann = await db.write(add_user)
        double = await refused(db, User(email=ann.email, password_hash="x"))
        assert not is_foreign_key_violation(double)
        assert not is_retryable(double)

    with_database(url, work)


def test_a_row_that_is_locked_is_read_as_it_is_after_the_wait(url: str) -> None:
    """Twenty that each add a letter at once: none is lost."""

    async def add_letter(tx: Any, user_id: Any) -> None:
        user = await tx.get(User, user_id, with_for_update=True)
        user.display_name = (user.display_name or "") + "x"

    async def work(db: Database) -> str | None:
        user = await db.write(add_user)
        await asyncio.gather(*[db.write(add_letter, user.id) for _ in range(20)])
        name: str | None = (await db.read(lambda tx: tx.get(User, user.id))).display_name
        return name

    assert with_database(url, work) == "x" * 20


def test_whoever_changes_the_schema_is_alone_until_the_work_is_committed(url: str) -> None:
    """On MariaDB a statement of DDL commits on the way: the lock outlasts it."""
    seen: list[str] = []

    async def change(engine: AsyncEngine, number: int) -> None:
        for _ in range(2):  # the second time on the pool's connection of the first
            async with engine.begin() as connection:
                await take_schema_lock(connection)
                seen.append(f"in {number}")
                await connection.execute(text(f"CREATE TABLE made_by_{number} (x INTEGER)"))
                await asyncio.sleep(0.02)
                await connection.execute(text(f"DROP TABLE made_by_{number}"))
                seen.append(f"out {number}")

    async def all_at_once() -> None:
        engines = [open_engine(url, pool_size=1) for _ in range(4)]
        try:
            with fail_after(20):
                await asyncio.gather(*[change(engine, number) for number, engine in enumerate(engines)])
        finally:
            for engine in engines:
                await engine.dispose()

    asyncio.run(all_at_once())
    assert len(seen) == 16
    assert [line.replace("in", "out") for line in seen[::2]] == seen[1::2]


def test_a_row_that_is_inserted_by_hand_gets_an_id_that_cannot_be_guessed_and_the_time_in_utc(
    url: str,
) -> None:
    async def by_hand(tx: Any) -> list[User]:
        emails = [uuid4().hex for _ in range(20)]
        for email in emails:
            await tx.execute(text(f"INSERT INTO users (email, password_hash) VALUES ('{email}', 'x')"))
        return list((await tx.execute(select(User).where(col(User.email).in_(emails)))).scalars())

    users = with_database(url, lambda db: db.write(by_hand))
    assert len({user.id for user in users}) == 20
    assert {user.id.version for user in users} == {4}
    assert all(abs(user.created_at - utc_now()) < timedelta(seconds=20) for user in users)


# URLs of MariaDB


@pytest.mark.parametrize(
    "url",
    [
        "mariadb://ann:p%40ss@db.example:3307/parley",
        "mysql://ann:p%40ss@db.example:3307/parley?reconnect=true",
        "mysql+pymysql://ann:p%40ss@db.example:3307/parley?charset=utf8",
        "mariadb+asyncmy://ann:p%40ss@db.example:3307/parley",
    ],
)
def test_a_url_of_mariadb_works_as_providers_hand_it_out(url: str) -> None:
    parsed, arguments = parse_database_url(url)
    assert (
        parsed.render_as_string(hide_password=False) == "mariadb+asyncmy://ann:p%40ss@db.example:3307/parley"
    )
    assert arguments["charset"] == "utf8mb4"
    assert "ssl" not in arguments


@pytest.mark.parametrize(
    ("query", "verifies", "checks_name"),
    [
        ("ssl-mode=REQUIRED", ssl.CERT_NONE, False),
        ("ssl_mode=required", ssl.CERT_NONE, False),
        ("sslmode=require", ssl.CERT_NONE, False),
        ("ssl=true", ssl.CERT_NONE, False),
        ("ssl-mode=VERIFY_CA", ssl.CERT_REQUIRED, False),
        ("ssl-mode=VERIFY_IDENTITY", ssl.CERT_REQUIRED, True),
        ("sslmode=verify-full", ssl.CERT_REQUIRED, True),
    ],
)
def test_tls_is_as_strict_as_the_url_says(query: str, verifies: ssl.VerifyMode, checks_name: bool) -> None:
    context = parse_database_url(f"mysql://db.example/parley?{query}")[1]["ssl"]
    assert (context.verify_mode, context.check_hostname) == (verifies, checks_name)


@pytest.mark.parametrize("query", ["ssl-mode=DISABLED", "sslmode=disable", "ssl=false"])
def test_tls_can_be_declined(query: str) -> None:
    assert "ssl" not in parse_database_url(f"mysql://db.example/parley?{query}")[1]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mariadb://db.example", "name the database"),
        ("mariadb://db.example/parley?sslmode=perhaps", "ssl-mode=perhaps"),
        ("mariadb://db.example/parley?ssl-ca=/nowhere.pem", "ssl-ca=/nowhere.pem"),
        ("mariadb://db.example/parley?allowLoadLocalInfile=true", "allowloadlocalinfile"),
        ("oracle://db.example/parley", "oracle is not supported"),
    ],
)
def test_a_url_that_cannot_work_is_refused_with_one_line(url: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_database_url(url)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_server_without_tls_is_not_talked_to_in_plain_text(mariadb: MariaDBServer) -> None:
    [[row]] = mariadb.run("SELECT @@have_ssl")
    if row[0] == "YES":
        pytest.skip("this MariaDB has TLS")
    url = f"{mariadb.url().partition('?')[0]}?ssl-mode=REQUIRED"

    async def work(db: Database) -> None:
        async with db.transaction() as tx:
            await tx.execute(text("SELECT 1"))

    with pytest.raises(OperationalError, match="SSL"):
        with_database(url, work)


def test_a_worker_that_hangs_in_a_transaction_does_not_keep_its_locks(
    postgres: PostgresServer, new_database: Callable[[str], str]
) -> None:
    """PostgreSQL ends what does nothing for so long; whoever holds the schema lock is exempt."""

    url = new_database("postgresql")

    async def settings() -> tuple[str, str]:
        engine = open_engine(url)
        show = text("SHOW idle_in_transaction_session_timeout")
        async with engine.begin() as connection:
            usual = await connection.scalar(show)
            await take_schema_lock(connection)
            locked = await connection.scalar(show)
        await engine.dispose()
        return str(usual), str(locked)

    assert asyncio.run(settings()) == ("5s", "0")

# test_url_parameters.py -- the parameters that people find in their database URLs: honoured, dropped, or refused.
import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

import cli
from lifespan import find_listen_url
from logs import configure_logs
from settings import Settings, SettingsError, get_settings
from storage.engines import open_engine, parse_database_url, uses_pooler
from support.databases.postgres import PostgresServer

UNNAMED = {"statement_cache_size": 0, "prepared_statement_cache_size": 0, "prepared_statement_name_func": str}


def arguments(query: str) -> dict[str, Any]:
    parsed, found = parse_database_url(f"postgresql://ann:secret@db.example/parley?{query}")
    assert set(parsed.query) <= {"host", "port"}
    return found


PROVIDERS = [
    "postgresql://ann:p%40ss%2Fw@ep-1.eu.neon.tech/parley?sslmode=require&channel_binding=require",
    "postgres://ann:p%40ss%2Fw@ep-1.eu.neon.tech/parley?sslmode=require&channel_binding=require",
    "postgresql+asyncpg://ann:p%40ss%2Fw@ep-1.eu.neon.tech/parley?sslmode=require",
    "postgresql+psycopg2://ann:p%40ss%2Fw@ep-1.eu.neon.tech/parley?sslmode=require",
]


@pytest.mark.parametrize("url", PROVIDERS)
def test_a_database_url_works_as_providers_hand_it_out(url: str) -> None:
    parsed, arguments = parse_database_url(url)
    assert parsed.drivername == "postgresql+asyncpg"
    assert (parsed.username, parsed.password) == ("ann", "p@ss/w")
    assert (parsed.host, parsed.database) == ("ep-1.eu.neon.tech", "parley")
    assert dict(parsed.query) == {}
    assert arguments == {"ssl": "require"}


@pytest.mark.parametrize("mode", ["disable", "prefer", "verify-full"])
def test_each_sslmode_reaches_the_driver(mode: str) -> None:
    assert parse_database_url(f"postgresql://db.example/parley?sslmode={mode}")[1] == {"ssl": mode}


@pytest.mark.parametrize(
    ("query", "meaning"),
    [
        ("connect_timeout=15", {"timeout": 15}),
        ("connect_timeout=0", {}),
        ("application_name=parley", {"server_settings": {"application_name": "parley"}}),
        ("options=endpoint%3Dep-1", {"server_settings": {"options": "endpoint=ep-1"}}),
        (
            "sslmode=verify-full&sslrootcert=%2Fca.pem",
            {"ssl": "verify-full", "dsn": "postgresql://?sslrootcert=%2Fca.pem"},
        ),
        ("target_session_attrs=read-write", {"dsn": "postgresql://?target_session_attrs=read-write"}),
        ("ssl=true", {"ssl": "require"}),
        ("ssl=require", {"ssl": "require"}),
        ("sslmode=require&sslmode=disable", {"ssl": "disable"}),
        ("schema=public", {}),
        ("schema=parley", {"schema": "parley"}),
        ("keepalives=1&keepalives_idle=60", {"keepalives": {"keepalives_idle": 60}}),
        ("keepalives=0", {"keepalives": None}),
        ("gssencmode=disable&channel_binding=require&client_encoding=utf8", {}),
        ("connection_limit=5&pool_timeout=0&socket_timeout=3", {}),
        ("supa=base-pooler.x&workaround=supabase-pooler.vercel", {}),
        ("prepared_statement_cache_size=50", {"prepared_statement_cache_size": 50}),
        ("pgbouncer=true&connection_limit=1", UNNAMED),
        ("statement_cache_size=0", UNNAMED),
        ("prepared_statement_cache_size=0", UNNAMED),
        ("pgbouncer=false", {}),
        ("host=/run/postgresql&user=bob", {}),
    ],
)
def test_a_parameter_means_what_it_means_to_others(query: str, meaning: dict[str, Any]) -> None:
    assert arguments(query) == meaning


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://db.example/parley?sslmodus=require", "unknown parameter sslmodus"),
        ("postgresql://db.example/parley?connect_timeout=soon", "connect_timeout=soon is not a number"),
        ("postgresql://db.example/parley?sslmode=perhaps", "sslmode=perhaps is not one of disable, allow"),
        ("postgresql://db.example/parley?pgbouncer=true&schema=mine", "keeps no schema=mine"),
        ("mariadb://db.example/parley?connect_timeout=soon", "connect-timeout=soon is not a number"),
        ("mariadb://db.example/parley?ssl-cert=/nowhere.pem&ssl=true", "ssl-cert=/nowhere.pem"),
        ("sqlite:////tmp/parley.db?mode=ro", "unknown parameter mode"),
    ],
)
def test_what_cannot_be_honoured_is_refused_with_one_line(url: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_database_url(url)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("query", "meaning"),
    [
        ("connect_timeout=15", {"connect_timeout": 15}),
        ("connectTimeout=15&serverTimezone=UTC&useUnicode=true", {"connect_timeout": 15}),
        ("unix_socket=/run/mysqld.sock", {"unix_socket": "/run/mysqld.sock"}),
        ("connection_limit=5&pool_timeout=10&useSSL=false", {}),
    ],
)
def test_a_url_of_mariadb_takes_the_words_of_its_clients(query: str, meaning: dict[str, Any]) -> None:
    assert parse_database_url(f"mysql://db.example/parley?{query}")[1] == {"charset": "utf8mb4", **meaning}


def test_a_url_of_sqlite_takes_the_words_of_its_clients() -> None:
    parsed, found = parse_database_url("sqlite:////tmp/parley.db?connection_limit=1&timeout=5")
    assert (dict(parsed.query), found) == ({}, {})


def test_the_pooler_is_known_by_its_setting_too() -> None:
    def pooled(url: str, pooler: str) -> bool:
        settings = Settings(_env_file=None, database_url=url, database_pooler=pooler)  # type: ignore[call-arg,arg-type]
        return uses_pooler(settings.database_url.get_secret_value())

    assert pooled("postgresql://db.example/parley", "transaction")
    assert pooled("postgres://db.example/parley?sslmode=require", "transaction")
    assert not pooled("postgresql://db.example/parley", "none")


def test_what_the_words_say_is_so_in_the_session(postgres: PostgresServer) -> None:
    query = (
        "connect_timeout=9&application_name=me&schema=pg_catalog&options=-c%20work_mem%3D5MB&sslmode=prefer"
    )

    async def look() -> list[str]:
        engine = open_engine(f"{postgres.url()}?{query}&target_session_attrs=any&keepalives_idle=77")
        try:
            async with engine.connect() as connection:
                names = ("application_name", "search_path", "work_mem", "statement_timeout", "lock_timeout")
                return [str(await connection.scalar(text(f"SHOW {name}"))) for name in names]
        finally:
            await engine.dispose()

    assert asyncio.run(look()) == ["me", "pg_catalog", "5MB", "5s", "3s"]


def test_migrations_and_checks_have_no_limit_for_a_statement(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the operator's commands too a URL may have the words of others, and an unknown one is one line."""
    runner = CliRunner()
    for query, code, said in (
        ("connect_timeout=15&pgbouncer=false&application_name=me", 0, "head"),
        ("sslmodus=require", 1, "parley: DATABASE_URL: unknown parameter sslmodus\n"),
    ):
        monkeypatch.setenv("DATABASE_URL", f"{postgres.url()}?{query}")
        get_settings.cache_clear()
        ended = runner.invoke(cli.app, ["db", "status"])
        assert (ended.exit_code, said in ended.output) == (code, True), ended.output
    get_settings.cache_clear()


def test_notifications_take_a_direct_connection_and_never_a_pooler(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("warning")
    pooled, direct = "postgresql://pooler.example/parley?pgbouncer=true", "postgresql://db.example/parley"

    def way(url: str, listen: str | None = None) -> str | None:
        settings = Settings(_env_file=None, database_url=url, database_listen_url=listen)  # type: ignore[call-arg,arg-type]
        return find_listen_url(settings)

    assert way(direct) == way(pooled, direct) == direct
    assert way("sqlite:////tmp/parley.db") is None
    assert capsys.readouterr().err == ""
    assert way(pooled) is None
    assert "set DATABASE_LISTEN_URL" in capsys.readouterr().err
    with pytest.raises(SettingsError, match=r"^DATABASE_LISTEN_URL: unknown parameter sslmodus$"):
        way(pooled, f"{direct}?sslmodus=require")

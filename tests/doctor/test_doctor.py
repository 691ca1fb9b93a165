# test_doctor.py -- parley doctor: what is in order is said so, and what is not comes with what to do.
import asyncio
import shutil
from collections import namedtuple
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner

import cli
from clock import utc_now
from doctor import database_checks, machine_checks, pooler, settings_checks
from support.databases.catalog import Place
from support.databases.pgbouncer import pgbouncer
from support.databases.postgres import PostgresServer
from support.servers import settings_for

Lines = dict[str, list[str]]


class Doctor:
    """Runs the command on a database, and sorts its lines by their subjects."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.status = 0

    def __call__(self, url: str, **settings: Any) -> Lines:
        self._monkeypatch.setattr("commands.context.get_settings", lambda: settings_for(url, **settings))
        done = CliRunner().invoke(cli.app, ["doctor"])
        self.status = done.exit_code
        lines: Lines = {}
        for line in done.stdout.splitlines():
            verdict, subject, text = line.split(maxsplit=2)
            lines.setdefault(subject, []).append(f"{verdict}: {text}")
        wrong = sum(line.startswith("wrong") for line in done.stdout.splitlines())
        assert (wrong > 0) == (self.status == 1), done.output
        return lines


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, programs_of_the_tests: None) -> Doctor:
    return Doctor(monkeypatch)


def list_wrong(lines: Lines) -> list[str]:
    return [line for found in lines.values() for line in found if line.startswith("wrong")]


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_a_server_in_order_has_nothing_wrong(own_database_url: str, engine_name: str, doctor: Doctor) -> None:
    lines = doctor(own_database_url, rate_limits="on")
    assert (doctor.status, list_wrong(lines)) == (0, [])
    everywhere = {"versions", "settings", "key", "model", "disk", "database", "backups", "schema"}
    own = {
        "sqlite": {"permissions"},
        "postgresql": {"clock", "rights", "connections", "pooler", "notifications"},
        "mariadb": {"clock", "rights", "connections"},
    }
    assert lines.keys() - {"files", "packets"} == everywhere | own[engine_name]
    assert lines["schema"][0].endswith("and what the models say")
    assert lines["backups"][0].startswith("ok: ")


@pytest.mark.engines("sqlite")
def test_nothing_is_made_that_is_not_there(doctor: Doctor, tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    lines = doctor(f"sqlite:///{path}", secret_key=None)
    assert lines["database"] == [f"note: there is no {path} -> the first start makes it"]
    assert lines["key"] == ["ok: the first start makes one beside the database"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.engines("sqlite")
def test_what_is_wrong_with_settings_is_said_with_what_to_set(
    own_database_url: str, doctor: Doctor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings_checks, "ROOT", tmp_path)
    (tmp_path / "requirements.lock").write_text(
        "uvicorn[standard]==0.1.0 \\\n    --hash=x\nnot-installed==1\n"
    )
    (tmp_path / ".env").touch(mode=0o644)
    monkeypatch.setattr(settings_checks, "read_file_limit", lambda: 1_024)
    lines = doctor(
        own_database_url,
        secret_key="short",
        model="openai:gpt-5",
        cors_origins="*",
        trusted_proxies="*",
        public_url="http://parley.example.com",
        log_level="debug",
    )
    env = tmp_path / ".env"
    assert lines["settings"] == [
        f"ok: from the environment and {env}",
        f"wrong: {env} is open to other users of this machine -> chmod 600 {env}",
        "note: sign-ins are not limited -> RATE_LIMITS=on, unless this is a load test",
        "note: every page of the web may call the API -> name pages in CORS_ORIGINS",
        "note: whoever connects may say where they come from -> name proxies in TRUSTED_PROXIES",
        "note: people come by http, and send passwords in the clear -> PUBLIC_URL=https://...",
        "note: tracebacks are logged -> LOG_LEVEL=info",
    ]
    assert lines["key"] == [
        "wrong: SECRET_KEY is shorter than 32 bytes -> set SECRET_KEY, the same on every worker"
    ]
    assert lines["model"][0].startswith("wrong: ")
    assert "short" not in lines["key"][0].replace("shorter", "")
    [_, packages] = lines["versions"]
    assert packages.startswith("note: packages are not those that were tried: uvicorn ")
    assert packages.endswith(" instead of 0.1.0 -> make setup")
    assert lines["files"] == [
        "note: 1,024 open files allow 896 connections instead of MAX_CONNECTIONS -> ulimit -n 5128"
    ]


@pytest.mark.busy
def test_a_schema_that_does_not_fit_is_said_with_the_command(
    place: Place, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert doctor(place.url)["schema" if place.engine != "sqlite" else "database"][0].startswith("note: ")
    place.alembic("upgrade", "033_add_undo_steps")
    [behind] = doctor(place.url)["schema"]
    assert behind.startswith("wrong: at 033_add_undo_steps, ")
    assert behind.endswith(" steps behind -> parley db upgrade --backup FILE")
    place.alembic("upgrade", "head")
    place.run("ALTER TABLE tasks ADD COLUMN extra integer")
    assert doctor(place.url)["schema"] == [
        "wrong: is not what the models say: column tasks.extra: is not in the models -> parley db verify"
    ]
    place.run("INSERT INTO alembic_version VALUES ('started 998')")
    [half] = doctor(place.url)["schema"]
    assert half.startswith("wrong: A step of the schema was started and not finished: 998")


@pytest.mark.engines("sqlite")
def test_files_that_others_may_read_and_full_disks_are_found(
    own_database_url: str, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(make_url(own_database_url).database or "")
    log = path.with_name(f"{path.name}-wal")
    log.touch(mode=0o600)
    path.chmod(0o640)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(machine_checks, "LARGE_LOG_BYTES", -1)
    free = {True: 100 * 2**20, False: 300 * 2**20}

    def measure(folder: Path) -> Any:
        return usage(4 * 2**30, 0, free[folder == path.parent])

    monkeypatch.setattr(shutil, "disk_usage", measure)
    lines = doctor(own_database_url)
    assert lines["permissions"] == [
        f"wrong: {path} is open to other users of this machine -> chmod 600 {path}"
    ]
    of_database, of_others = lines["disk"]
    assert of_database == f"wrong: 100 MiB are free in {path.parent}, for the database -> make room"
    assert of_others.endswith("for temporary files: less than a tenth -> make room soon")
    assert lines["files"][0].startswith(f"note: {log} has ")


def test_clocks_that_differ_are_found(
    new_database: Callable[[str], str], doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_checks, "utc_now", lambda: utc_now() - timedelta(seconds=90))
    [line] = doctor(new_database("postgresql"))["clock"]
    assert line.startswith("wrong: that of the database differs from this machine's by ")
    assert line.endswith(" seconds -> set both by NTP: sign-ins and leases end by them")


def test_a_database_that_does_not_answer_is_one_line(doctor: Doctor) -> None:
    lines = doctor("postgresql://ann:secret@127.0.0.1:1/nowhere")
    assert list_wrong(lines) == lines["database"]
    assert "secret" not in lines["database"][0]
    assert lines["database"][0].endswith(" -> see DATABASE_URL in .env.example")


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_role_that_cannot_upgrade_and_a_pool_that_is_too_large_are_found(
    own_database_url: str, postgres: PostgresServer, doctor: Doctor
) -> None:
    role = f"reader_{uuid4().hex[:8]}"
    Place(own_database_url).run(
        f"CREATE ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
    )
    url = make_url(own_database_url).set(username=role).render_as_string(hide_password=False)
    try:
        lines = doctor(url, database_pool_size=200)
    finally:
        Place(own_database_url).run(f"DROP OWNED BY {role}; DROP ROLE {role}")
    assert lines["rights"] == [
        "note: the role may not create tables: it serves, and cannot upgrade -> upgrade as the owner"
    ]
    owner = doctor(own_database_url)
    assert owner["rights"][0].startswith("note: the role is a superuser")
    assert owner["connections"][0].startswith("ok: the server allows 297: enough for 24 workers")


@pytest.mark.engines("mariadb")
@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True)
def test_a_server_that_takes_too_little_is_found(
    own_database_url: str, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_checks, "SMALLEST_PACKET", 2**40)
    lines = doctor(own_database_url, database_pool_size=200)
    assert lines["packets"][0].startswith("note: the server takes 16 MiB at once")
    assert doctor.status == 0


@pytest.mark.slow
def test_a_pooler_that_nobody_has_told_of_is_found(
    new_database: Callable[[str], str], doctor: Doctor, tmp_path: Path
) -> None:
    direct = new_database("postgresql")
    with pgbouncer(tmp_path, direct) as pooled:
        [line] = doctor(pooled)["pooler"]
        assert line == (
            "wrong: DATABASE_URL leads through a pooler in transaction mode, and Parley does not know "
            "-> DATABASE_POOLER=transaction"
        )
        known = doctor(pooled, database_pooler="transaction")
        assert known["pooler"] == ["ok: in transaction mode, and Parley knows"]
        assert known["notifications"][0].endswith("set DATABASE_LISTEN_URL to the direct way")
        around = doctor(pooled, database_pooler="transaction", database_listen_url=direct)
        assert (around["notifications"], doctor.status) == (["ok: arrive"], 0)
    needless = doctor(direct, database_pooler="transaction")
    assert needless["pooler"][0].startswith("note: DATABASE_POOLER says so, and there is none")


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_notifications_that_do_not_arrive_are_found(
    own_database_url: str, new_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a server that is another one."""
    monkeypatch.setattr(pooler, "NOTIFICATION_SECONDS", 0.05)
    settings = settings_for(own_database_url)
    finding = asyncio.run(pooler.check_notifications(settings, new_database("postgresql")))
    assert (finding.verdict, finding.subject) == ("wrong", "notifications")

# support/databases/releases.py -- databases as releases left them, upgraded by tests ever after.
"""Run `python tests/support/databases/releases.py` for a release, when its schema is final: it makes a database of each
engine by using a server, and writes them to tests/storage/releases/{version}. A folder that is there is never written
again.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from uuid import uuid4

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "tests" / "storage" / "releases"
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "backend"), str(ROOT / "tests")]

import sqlite3
import tomllib
from contextlib import closing
from typing import Any

from sqlalchemy import make_url

from support.databases.catalog import Place
from support.databases.mariadb import find_server, mariadb_program
from support.databases.postgres import postgres_server
from support.servers import Person, Server, ok, serving, settings_for

EMAIL = "ann@example.com"
# What only this version of a program writes or understands.
LEFT_OUT = (
    "--",
    "\\restrict",
    "\\unrestrict",
    "/*M!999999",
    "SET transaction_timeout",
    "SELECT pg_catalog.set_config",
)
FILES = {"sqlite": "parley.sqlite", "postgresql": "postgresql.sql", "mariadb": "mariadb.sql"}


def use(server: Server) -> None:
    """Leave rows in every table, by using what there is to use."""
    server.register("bob@example.com", display_name="Bob")
    person = server.sign_in(server.register(EMAIL, display_name="Ann", timezone="Europe/Berlin"))
    with_key = {"Idempotency-Key": "first-task"}
    ok(person.http.post("/v1/tasks", json={"title": "Buy milk", "description": "2 litres"}, headers=with_key))
    talk(person)
    token = person.post("/v1/me/tokens", name="Claude", scopes=["read", "write"])["token"]
    call_tool(server, token, "add_task", title="Water the plants")
    refused = server.client().post("/v1/auth/token", data={"username": EMAIL, "password": "wrong"})
    assert refused.status_code == 401
    ok(server.client().post("/v1/auth/refresh", json={"refresh_token": person.tokens["refresh_token"]}))
    with person.http.stream("GET", "/v1/events/stream", headers={"Last-Event-ID": "0"}) as stream:
        next(stream.iter_lines())  # whoever reads events numbers them


def talk(person: Person) -> None:
    chat = person.chat("add call mom tomorrow at 9 and pay rent")
    conversation = {"conversation_id": chat["conversation_id"]}
    person.chat("I called mom", **conversation)
    person.chat("what is on my list?", **conversation)
    waits = person.chat("delete pay rent", **conversation)
    [call] = waits["pending_approvals"]
    person.post(f"/v1/runs/{waits['run_id']}/approvals/{call['tool_call_id']}", approve=False)


def call_tool(server: Server, token: str, name: str, **arguments: Any) -> None:
    params = {"name": name, "arguments": arguments}
    client = server.client(Authorization=f"Bearer {token}", Accept="application/json, text/event-stream")
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    assert not ok(client.post("/mcp", json=request))["result"].get("isError")


def make(url: str) -> None:
    with serving(settings_for(url, rate_limits="on")) as server:
        use(server)
    empty = [table for table, count in Place(url).counts().items() if count == 0]
    assert empty == [], f"no rows in {empty}"


def save_sqlite(folder: Path, work: Path) -> None:
    make(f"sqlite:///{work / 'parley.db'}")
    with closing(sqlite3.connect(work / "parley.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA page_size=1024")
        connection.execute("VACUUM")
    shutil.copyfile(work / "parley.db", folder / FILES["sqlite"])


def save_postgresql(folder: Path) -> None:
    server, name = postgres_server(), f"release_{uuid4().hex}"
    server.create_database(name)
    try:
        make(server.url(name))
        command = [
            str(Path(server.psql).with_name("pg_dump")),
            "--no-owner",
            "--no-privileges",
            "--inserts",
            server.url(name),
        ]
        save_dump(command, folder / FILES["postgresql"])
    finally:
        server.drop_database(name)


def save_mariadb(folder: Path) -> None:
    server = find_server()
    try:
        url = server.url(server.create_database())
        make(url)
        *command, database = mariadb_program("mariadb-dump", url)
        options = ["--skip-dump-date", "--hex-blob", "--skip-lock-tables", "--single-transaction"]
        save_dump([*command, *options, database], folder / FILES["mariadb"])
    finally:
        server.drop_databases()


def save_dump(command: list[str], path: Path) -> None:
    dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    dump = re.sub(r"/\*!\d+ DEFINER=\S+\*/ ?", "", dump)  # whoever restores it owns the triggers
    lines = [line for line in dump.splitlines() if line.strip() and not line.startswith(LEFT_OUT)]
    path.write_text("\n".join(lines) + "\n")


def restore(folder: Path, place: Place) -> None:
    """The release's database, in an empty one."""
    source = folder / FILES[place.engine]
    if place.engine == "sqlite":
        shutil.copyfile(source, make_url(place.url).database or "")
    else:
        place.run_script(source.read_text())


if __name__ == "__main__":
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    made = FOLDER / version
    made.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as work:
        save_sqlite(made, Path(work))
    save_postgresql(made)
    save_mariadb(made)
    for path in sorted(made.iterdir()):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1024:.0f} KiB")

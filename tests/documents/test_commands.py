# test_commands.py -- the commands of the five documents, as specs/documents.md translates them, keep what it promises.
import re
import shutil
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.engine import make_url

from settings import ROOT
from support.databases.catalog import FILES, Place, copied, migrated
from support.databases.mariadb import MariaDBServer
from support.databases.postgres import PostgresServer
from support.documents.page import Row, names, read_points, rows_of
from support.documents.shell import CommandFailedError, Shell
from support.metrics import TOKEN as METRICS_TOKEN
from support.queries.shops import ACCOUNT, open_mariadb_shop, open_postgresql_shop
from support.servers import Person, Server, ok, serving, settings_for

on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True, scope="session")
needs_programs = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("bash")), reason="the commands need curl and bash"
)
AT_HEAD = {"000"}
# Of specs/operating.md, in the order in which one needs the other.
DATA = "Let agents query your data"
PAGES = ("Back up", "Restore", "Watch", DATA)
WITHOUT_COMMANDS = ("Let apps in",)
OF_MARIADB = ("DESCRIBE ", "SHOW ")
COUNTS = {
    "tasks": "SELECT count(*) FROM tasks WHERE user_id = '{user_id}'",
    "conversations": "SELECT count(*) FROM conversations WHERE id = '{chat_id}'",
    "messages": "SELECT count(*) FROM messages WHERE conversation_id = '{chat_id}'",
}


def find_id(answer: httpx.Response, otherwise: object) -> str:
    """Of what was made; `otherwise` where no such path is there yet."""
    return str(otherwise if answer.status_code == 404 else ok(answer)["id"])


def make_things(person: Person) -> dict[str, str]:
    """The ids of the page's examples: an account of the person with an agent, a chat with it, and a task."""
    account = find_id(person.http.post("/v1/accounts", json={"name": "Team"}), person.id)
    agent = {"name": "Qwen", "kind": "hosted"}
    agent_id = find_id(person.http.post(f"/v1/accounts/{account}/agents", json=agent), uuid4())
    answer = person.http.post(f"/v1/chats/{account}/{agent_id}", json={})
    chat = find_id(answer, "") or person.post("/v1/conversations")["id"]
    person.post(f"/v1/conversations/{chat}/messages", content="Hello!")
    person.post("/v1/tasks", title="Buy milk")
    return {
        "{user_id}": str(person.id),
        "{account_id}": account,
        "{agent_id}": agent_id,
        "{chat_id}": chat,
    }


@pytest.fixture(scope="module")
def words(server: Server) -> dict[str, str]:
    """What stands in the place of the page's examples."""
    person = server.person()
    token = person.post("/v1/me/tokens", name="A program", scopes=["read", "write"])["token"]
    local = {"http://localhost:8000": server.base_url, "YOUR_TOKEN": token, "YOUR_ID": str(person.id)}
    return {**make_things(person), **local}


def count_rows(shell: Shell, table: str) -> int:
    """What is there of the things of the page's examples."""
    return int(shell.run(COUNTS[table]))


def find_failure(shell: Shell, row: Row) -> str:
    """Why the command does not keep its promise; "" if it does."""
    try:
        output = shell.run(row.name)
        if row.kind == "afterwards" and row.promise:
            shell.check(row.promise, output)
    except CommandFailedError as failure:
        return str(failure) or "it failed"
    left = [table for table in names(row.promise) if row.kind == "takes along" and count_rows(shell, table)]
    return f"rows are left in {', '.join(left)}" if left else ""


def run_row(shell: Shell, row: Row) -> None:
    failure = find_failure(shell, row)
    assert not failure, f"{row}: {failure}"


@pytest.mark.slow
@needs_programs
@pytest.mark.parametrize("document", ["000", "001", "002", "003", "004"])
@on_postgresql
def test_every_command_of_a_document_keeps_its_promise(
    document: str, postgres: PostgresServer, words: dict[str, str], tmp_path: Path
) -> None:
    begin = len(FILES) if document in AT_HEAD else 0
    with copied(postgres, migrated(postgres, begin)) as place:
        shell = Shell(place, tmp_path, words, postgres.psql)
        for row in rows_of("afterwards", document=document):
            if not row.name.startswith(OF_MARIADB):
                run_row(shell, row)


@pytest.mark.slow
@needs_programs
@on_postgresql
def test_the_checklist_of_an_upgrade_can_be_run_line_by_line(
    postgres: PostgresServer, words: dict[str, str], tmp_path: Path
) -> None:
    points = read_points("migrations/README.md", "Checklist")
    assert len(points) >= 10
    with copied(postgres, migrated(postgres, len(FILES))) as place:
        place.alembic("downgrade", "-1")
        shell = Shell(place, tmp_path, words, postgres.psql)
        for point in points:
            run_row(shell, point)
        assert place.stamps() == [FILES[-1].stem]
        assert (tmp_path / "before.zip").stat().st_size


@pytest.mark.slow
@needs_programs
def test_the_pages_for_operators_can_be_run_line_by_line(postgres: PostgresServer, tmp_path: Path) -> None:
    with (
        copied(postgres, migrated(postgres, len(FILES))) as place,
        serving(settings_for(place.url, metrics_token=METRICS_TOKEN)) as server,
    ):
        name = f"restored_{uuid4().hex}"
        shop = open_postgresql_shop(postgres)
        role, password = f"reader_{uuid4().hex}", "choose-a-long-one"
        reader = (
            make_url(shop.url).set(username=role, password=password).render_as_string(hide_password=False)
        )
        own = {
            "SHOP_URL": make_url(shop.url).set(username="postgres").render_as_string(hide_password=False),
            "READER_URL": reader,
            "shop_reader": role,
            "http://localhost:8000": server.base_url,
            "YOUR_METRICS_TOKEN": METRICS_TOKEN,
            "NEW_DATABASE_URL": postgres.url(name),
            "CREATE DATABASE restored": f"CREATE DATABASE {name}",
        }
        entry = {"name": "shop", "url": reader, "accounts": [ACCOUNT]}
        for heading in PAGES:
            named = [entry] if heading == DATA else []
            shell = Shell(place, tmp_path, own, postgres.psql, query_databases=named)
            points = read_points("specs/operating.md", heading)
            assert len(points) >= 3, heading
            for point in points:
                run_row(shell, point)
        assert Place(postgres.url(name)).counts() == place.counts()
        postgres.drop_database(name)


@pytest.mark.skipif(not shutil.which("mariadb"), reason="the commands need mariadb")
def test_the_commands_for_a_reader_on_mariadb_make_one(mariadb: MariaDBServer, tmp_path: Path) -> None:
    shop = open_mariadb_shop(mariadb)
    url = make_url(shop.url)
    role = f"r{uuid4().hex[:12]}"
    client = f"mariadb --no-defaults --host={url.host} --port={url.port} --user=root"
    words = {
        "mariadb shop": f"{client} {url.database}",
        "ON shop.": f"ON {url.database}.",
        "shop_reader": role,
    }
    points = read_points("specs/operating.md", DATA, 1)
    assert len(points) == 3
    for point in points:
        run_row(Shell(Place(shop.url), tmp_path, words), point)
    reader = url.set(username=role, password="choose-a-long-one").render_as_string(hide_password=False)
    entry = {"name": "shop", "url": reader, "accounts": [ACCOUNT]}
    output = Shell(Place(shop.url), tmp_path, {}, query_databases=[entry]).run(
        "DATABASE_URL=sqlite:///none parley doctor"
    )
    assert "ok     queries" in output and "3 tables to read, by a role that only reads" in output


def test_every_page_for_operators_is_run() -> None:
    text = (ROOT / "specs" / "operating.md").read_text()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [*PAGES, *WITHOUT_COMMANDS]


@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True, scope="session")
def test_the_words_of_mariadb_are_run_on_mariadb(own_database_url: str, tmp_path: Path) -> None:
    rows = [row for row in rows_of("afterwards") if row.name.startswith(OF_MARIADB)]
    assert len(rows) >= 2
    for row in rows:
        run_row(Shell(Place(own_database_url), tmp_path, {}), row)


@on_postgresql
def test_what_is_deleted_takes_along_what_the_page_says(
    server: Server, database_url: str, tmp_path: Path
) -> None:
    rows = rows_of("takes along")
    assert len(rows) >= 4
    for row in rows:
        shell = Shell(Place(database_url), tmp_path, make_things(server.person()))
        assert all(count_rows(shell, table) for table in names(row.promise))
        run_row(shell, row)

# support/fixtures.py -- servers, databases and people as fixtures; tests/conftest.py loads it where tests need them
import asyncio
import functools
import shutil
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from passlib.context import CryptContext
from sqlalchemy.engine import make_url

import security
from storage.engines import open_engine
from storage.schema.bootstrap import bootstrap
from support.databases.catalog import ENGINES, Place, empty_place
from support.databases.mariadb import MariaDBServer, mariadb
from support.databases.postgres import PostgresServer, postgres
from support.databases.shared_sql import share_sql
from support.llm.scripted_model import ScriptedModel
from support.llm.scripted_provider import ScriptedProvider, scripted_provider
from support.processes.server_programs import ServerUnavailableError, find_postgres
from support.servers import Person, Server, serving, settings_for
from timings import Timings

__all__ = ["mariadb", "postgres"]

# Hashes as cheap as the library allows: their cost is tested once, in test_security.py.
REAL_PASSWORDS = security.PASSWORD_CONTEXT
security.PASSWORD_CONTEXT = CryptContext(
    schemes=["argon2", "bcrypt"],
    deprecated=["bcrypt"],
    argon2__memory_cost=8,
    argon2__rounds=1,
    argon2__parallelism=1,
)
# A client reads the certificates of the machine, which takes 20 ms, and then speaks to loopback: once is enough.
ssl.create_default_context = functools.cache(ssl.create_default_context)
share_sql()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """On which engines a test runs, where it does not say so itself."""
    marks = metafunc.definition.iter_markers("parametrize")
    if "engine_name" not in metafunc.fixturenames or any("engine_name" in mark.args[0] for mark in marks):
        return
    chosen = metafunc.definition.get_closest_marker("engines")
    if metafunc.config.getoption("all_engines") or metafunc.definition.get_closest_marker("also_on_mariadb"):
        engines = ENGINES
    else:
        engines = list(chosen.args) if chosen else ["sqlite", "postgresql"]
    metafunc.parametrize("engine_name", engines, indirect=True, scope="session")


def make_tables(url: str) -> None:
    async def make() -> None:
        engine = open_engine(url)
        await bootstrap(engine)
        await engine.dispose()

    asyncio.run(make())


@pytest.fixture(scope="session")
def new_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """Makes a database with our tables on the named engine and gives its URL; it goes with the run."""
    sqlite_template: Path = tmp_path_factory.mktemp("template") / "parley.db"

    def make(engine: str) -> str:
        if engine == "sqlite":
            if not sqlite_template.exists():
                make_tables(f"sqlite:///{sqlite_template}")
            file: Path = tmp_path_factory.mktemp("database") / "parley.db"
            shutil.copy(sqlite_template, file)
            return f"sqlite:///{file}"
        if engine == "mariadb":
            other: MariaDBServer = request.getfixturevalue("mariadb")
            url = other.url(other.create_database())
            make_tables(url)
            return url
        server: PostgresServer = request.getfixturevalue("postgres")
        name = f"test_{uuid4().hex}"
        server.create_database(name, template=server.template("parley_tables", make_tables))
        return server.url(name)

    return make


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    yield from empty_place(request, request.param, tmp_path)


@pytest.fixture(scope="session")
def engine_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def database_url(engine_name: str, new_database: Callable[[str], str]) -> str:
    return new_database(engine_name)


@pytest.fixture
def own_database_url(
    engine_name: str, new_database: Callable[[str], str], request: pytest.FixtureRequest
) -> Iterator[str]:
    """For a test whose model must not be another's: any worker of a database may take up its runs."""
    if engine_name == "sqlite":
        yield new_database(engine_name)
        return
    server: PostgresServer | MariaDBServer
    server = request.getfixturevalue("postgres" if engine_name == "postgresql" else "mariadb")
    lent = server.lend()
    url = server.url(lent) if lent else new_database(engine_name)
    yield url
    server.give_back(str(make_url(url).database))


@pytest.fixture(scope="session")
def server(database_url: str) -> Iterator[Server]:
    """A Parley with the offline brain, shared by the tests of this process: make people of your own."""
    with serving(settings_for(database_url)) as running:
        yield running


@pytest.fixture
def ann(server: Server) -> Person:
    return server.person()


@pytest.fixture
def bob(server: Server) -> Person:
    return server.person()


@pytest.fixture
def model() -> ScriptedModel:
    """What `scripted` answers with; fill in its answers."""
    return ScriptedModel()


@pytest.fixture
def timings() -> Timings:
    """Those of `scripted`; a test that needs others parametrizes this fixture."""
    return Timings()


@pytest.fixture
def scripted(own_database_url: str, model: ScriptedModel, timings: Timings) -> Iterator[Server]:
    """A server of the test's own, whose model is the test's and is asked again without a pause."""
    with serving(settings_for(own_database_url), model, timings) as running:
        object.__setattr__(running.state.worker.context, "backoff_seconds", 0.0)
        yield running


@pytest.fixture
def carl(scripted: Server) -> Person:
    return scripted.person()


@pytest.fixture
def programs_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's programs are those of the package that brings the server."""
    with suppress(ServerUnavailableError):  # tests of PostgreSQL are skipped for the same reason
        monkeypatch.setenv("PATH", str(find_postgres() / "bin"), prepend=":")


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    with scripted_provider() as running:
        yield running

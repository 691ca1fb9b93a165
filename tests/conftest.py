# tests/conftest.py -- fixtures that every test may ask for.
import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from passlib.context import CryptContext

import security
from db import open_engine
from postgres import PostgresServer, postgres
from schema import bootstrap
from servers import Person, Server, serving, settings_for

__all__ = ["postgres"]

# Hashes as cheap as the library allows: their cost is tested once, in test_security.py.
REAL_PASSWORDS = security.passwords
security.passwords = CryptContext(
    schemes=["argon2", "bcrypt"],
    deprecated=["bcrypt"],
    argon2__memory_cost=8,
    argon2__rounds=1,
    argon2__parallelism=1,
)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def make_tables(url: str) -> None:
    async def make() -> None:
        engine = open_engine(url)
        await bootstrap(engine)
        await engine.dispose()

    asyncio.run(make())


@pytest.fixture(scope="session")
def new_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], str]]:
    """Makes a database with our tables on the named engine and gives its URL."""
    made: list[tuple[PostgresServer, str]] = []

    def make(engine: str) -> str:
        if engine == "sqlite":
            folder: Path = tmp_path_factory.mktemp("database")
            return f"sqlite:///{folder / 'parley.db'}"
        server: PostgresServer = request.getfixturevalue("postgres")
        name = f"test_{uuid4().hex}"
        server.create_database(name, template=server.template("parley_tables", make_tables))
        made.append((server, name))
        return server.url(name)

    yield make
    for server, name in made:
        server.drop_database(name)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def database_url(engine_name: str, new_database: Callable[[str], str]) -> str:
    return new_database(engine_name)


@pytest.fixture
def own_database_url(engine_name: str, new_database: Callable[[str], str]) -> str:
    """For a test whose model must not be another's: any worker of a database may take up its runs."""
    return new_database(engine_name)


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

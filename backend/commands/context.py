# commands/context.py -- what every command needs: the settings, a database, and an end with one line.
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from db import Database
from errors import DatabaseBusy
from logs import configure_logs
from settings import Settings, SettingsError, get_settings
from storage.engines import open_engine
from storage.failures import explain_database_errors
from storage.schema.bootstrap import bootstrap
from storage.schema.revisions import SchemaError
from storage.timeouts import UNHURRIED

T = TypeVar("T")

Email = Annotated[str, typer.Argument(help="The email that the user signs in with.")]


def exit_with(line: str) -> NoReturn:
    """Print the reason on stderr and end with 1."""
    typer.echo(f"parley: {line}", err=True)
    raise typer.Exit(1)


def make_printable(line: str) -> str:
    """The line without what would steer a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)


def load_settings() -> Settings:
    """The settings of the environment and of .env; exits with one line if they are invalid."""
    try:
        return get_settings()
    except SettingsError as error:
        exit_with(str(error))


def format_validation_error(error: ValidationError) -> str:
    first = error.errors(include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


@asynccontextmanager
async def open_database() -> AsyncIterator[Database]:
    """The database of the settings; creates its tables if there are none."""
    settings = load_settings()
    configure_logs(settings.log_level)
    db = Database(open_engine(settings.database_url.get_secret_value(), pool_size=1, limits=UNHURRIED))
    try:
        with explain_database_errors():
            await bootstrap(db.engine, settings)
        yield db
    finally:
        await db.close()


def run_on_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """The result of `work`; exits with one line if the database cannot be used."""

    async def run() -> T:
        async with open_database() as db:
            return await work(db)

    try:
        return asyncio.run(run())
    except (SettingsError, SchemaError) as error:
        exit_with(str(error))
    except DatabaseBusy as error:
        exit_with(f"the database does not answer: {error.logged_as}")


def run_on_engine(work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    """The same on the database as it is, without the creation of tables and the check of the revision."""

    async def run() -> T:
        settings = load_settings()
        configure_logs(settings.log_level)
        engine = open_engine(settings.database_url.get_secret_value(), pool_size=1, limits=UNHURRIED)
        try:
            with explain_database_errors():
                return await work(engine)
        finally:
            await engine.dispose()

    try:
        return asyncio.run(run())
    except (SettingsError, SchemaError) as error:
        exit_with(str(error))

# cli.py -- parley: the operator's commands. Whoever may read the database's settings may do all of this.
import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, NoReturn, TypeVar

import typer
from pydantic import ValidationError

from db import Database, in_words, open_engine
from errors import Conflict
from logs import configure_logs
from models.user import UserCreate
from schema import SchemaError, bootstrap
from services import auth
from settings import SettingsError, get_settings

T = TypeVar("T")
app = typer.Typer(no_args_is_help=True, add_completion=False, help="Operate Parley.")
user = typer.Typer(no_args_is_help=True, help="Make users and give them new passwords.")
app.add_typer(user, name="user")

Email = Annotated[str, typer.Argument(help="The email that the person signs in with.")]
DisplayName = Annotated[str | None, typer.Option("--name", help="How the person is called.")]


@app.callback()
def parley() -> None:
    """Operate Parley. Settings come from the environment and from .env, as for the server."""


def fail(line: str) -> NoReturn:
    typer.echo(f"parley: {line}", err=True)
    raise typer.Exit(1)


@asynccontextmanager
async def opened() -> AsyncIterator[Database]:
    """The database of the settings, with its tables made if there were none."""
    settings = get_settings()
    configure_logs(settings.log_level)
    db = Database(open_engine(settings.database_url.get_secret_value(), pool_size=1))
    try:
        with in_words():
            await bootstrap(db.engine, settings)
        yield db
    finally:
        await db.close()


def run(work: Callable[[Database], Awaitable[T]]) -> T:
    async def inside() -> T:
        async with opened() as db:
            return await work(db)

    try:
        return asyncio.run(inside())
    except (SettingsError, SchemaError) as error:
        fail(str(error))


def ask_password() -> str:
    """Typed twice at a terminal; from a pipe, the first line."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


def checked(email: str, password: str, name: str | None = None) -> UserCreate:
    try:
        return UserCreate(email=email, password=password, display_name=name)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        fail(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")


@user.command()
def create(email: Email, name: DisplayName = None) -> None:
    """Make a user, also where registration is closed. Asks for the password, or reads it from a pipe."""
    new = checked(email, ask_password(), name)

    async def work(db: Database) -> str:
        made = await db.write(auth.create_user, new, await auth.hashed(new.password))
        return f"{made.email} can sign in now (id {made.id})."

    try:
        typer.echo(run(work))
    except Conflict as error:
        fail(error.detail)


@user.command("reset-password")
def reset_password(email: Email) -> None:
    """Set a new password and end every session of the user."""
    checks = checked(email, ask_password())
    if run(lambda db: auth.reset_password(db, checks.email, checks.password)) is None:
        fail("nobody has this email.")
    typer.echo(f"{checks.email} has a new password; every session has ended.")


if __name__ == "__main__":
    app(prog_name="parley")

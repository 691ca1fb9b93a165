# cli.py -- parley: the operator's commands. Whoever may read the database's settings may do all of this.
import asyncio
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, NoReturn, TypeVar
from uuid import UUID

import typer
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import CheckConstraint, Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from access import Caller
from agent.replay import ReplayedTurn, replay_conversation
from db import Database, explain_database_errors
from errors import Conflict, DatabaseBusy, NotFound
from llm.opening import open_model
from llm.protocol import ModelError
from logs import configure_logs
from models.api_token import AccessTokenCreate
from models.user import Password, UserCreate
from services.identity import api_tokens, auth
from settings import SettingsError, get_settings
from storage import schema
from storage.engines import UNHURRIED, open_engine
from storage.schema import BehindError, SchemaError, bootstrap

T = TypeVar("T")
app = typer.Typer(no_args_is_help=True, add_completion=False, help="Operate Parley.")
user = typer.Typer(no_args_is_help=True, help="Make users and give them new passwords.")
app.add_typer(user, name="user")
token = typer.Typer(no_args_is_help=True, help="Make access tokens for MCP clients.")
app.add_typer(token, name="token")
db_commands = typer.Typer(no_args_is_help=True, help="See, upgrade and check the database's schema.")
app.add_typer(db_commands, name="db")

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
    db = Database(open_engine(settings.database_url.get_secret_value(), pool_size=1, limits=UNHURRIED))
    try:
        with explain_database_errors():
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
    except DatabaseBusy as error:
        fail(f"the database does not answer: {error.logged_as}")


def ask_password() -> str:
    """Typed twice at a terminal; from a pipe, the first line."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


def checked(email: str, password: str, name: str | None = None) -> UserCreate:
    try:
        return UserCreate(email=email, password=password, display_name=name)
    except ValidationError as error:
        fail(in_one_line(error))


def in_one_line(error: ValidationError) -> str:
    first = error.errors(include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


@user.command()
def create(email: Email, name: DisplayName = None) -> None:
    """Make a user, also where registration is closed. Asks for the password, or reads it from a pipe."""
    new = checked(email, ask_password(), name)

    async def work(db: Database) -> str:
        made = await db.write(auth.create_user, new, await auth.hash_in_thread(new.password))
        return f"{made.email} can sign in now (id {made.id})."

    try:
        typer.echo(run(work))
    except Conflict as error:
        fail(error.detail)


@user.command("reset-password")
def reset_password(email: Email) -> None:
    """Set a new password and end every session and access token of the user."""
    try:
        password: str = TypeAdapter(Password).validate_python(ask_password())
    except ValidationError as error:
        fail(f"password: {in_one_line(error).removeprefix(': ')}")
    if run(lambda db: auth.reset_password(db, email, password)) is None:
        fail("nobody has this email.")
    typer.echo(f"{email} has a new password; every session and access token has ended.")


@token.command("create")
def create_token(
    email: Email,
    name: Annotated[str, typer.Option(help="What the token is for; its calls are on record by this name.")],
    days: Annotated[int, typer.Option(help="How long it lasts; 0: until it is revoked.")] = 90,
    read_only: Annotated[bool, typer.Option("--read-only", help="It can change nothing.")] = False,
) -> None:
    """Make an access token for a user and print it, once."""
    scopes = ["read"] if read_only else ["read", "write"]
    try:
        new = AccessTokenCreate.model_validate(
            {"name": name, "expires_in_days": days or None, "scopes": scopes}
        )
    except ValidationError as error:
        fail(in_one_line(error))

    async def work(db: Database) -> str | None:
        found = await db.read(auth.find_user, email)
        return (await db.write(api_tokens.create_token, Caller(found.id, None), new)).token if found else None

    try:
        made = run(work)
    except Conflict as error:
        fail(error.detail)
    if made is None:
        fail("nobody has this email.")
    typer.echo(made)


@app.command()
def replay(
    conversation: Annotated[UUID, typer.Argument(help="The conversation's id.")],
    model: Annotated[
        str | None, typer.Option("--model", help="Who answers instead of MODEL, as in the setting.")
    ] = None,
) -> None:
    """Ask a conversation again, with tools answered from the record; end with 1 where anything differs.

    Writes nothing. Each turn is asked with the stored history before it, at the time of its run.
    """

    async def work(db: Database) -> tuple[int, int]:
        settings = get_settings()
        answering = open_model(settings.model_copy(update={"model": model} if model else {}))
        turns = different = 0
        async for turn in replay_conversation(db, answering, conversation, settings.context_tokens):
            turns += 1
            different += bool(turn.differences)
            typer.echo(told(turns, turn))
        return turns, different

    try:
        turns, different = run(work)
    except (NotFound, ModelError) as error:
        fail(error.detail if isinstance(error, NotFound) else f"the model did not answer: {error.reason}")
    typer.echo(f"{turns} turns, {different or 'none'} of them different.")
    if different:
        raise typer.Exit(1)


def told(number: int, turn: ReplayedTurn) -> str:
    """A turn of a replay, with what was stored (-) and what comes now (+)."""
    asked = " ".join(turn.asked.split())
    head = f"{number:>3}  {'differs' if turn.differences else 'same   '}  {asked[:80]}"
    lines = [
        f"     {difference.kind:<5} {mark} {line}"
        for difference in turn.differences
        for mark, text in (("-", difference.stored), ("+", difference.replayed))
        for line in (text or "").splitlines()
    ]
    return "\n".join([head, *lines])


def on_engine(work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    """`work` on the database as it is: nothing is made and nothing is checked before."""

    async def inside() -> T:
        settings = get_settings()
        configure_logs(settings.log_level)
        engine = open_engine(settings.database_url.get_secret_value(), pool_size=1, limits=UNHURRIED)
        try:
            with explain_database_errors():
                return await work(engine)
        finally:
            await engine.dispose()

    try:
        return asyncio.run(inside())
    except (SettingsError, SchemaError) as error:
        fail(str(error))


async def at_head(engine: AsyncEngine) -> bool:
    """Makes the tables on an empty database. False where an upgrade is pending."""
    try:
        await bootstrap(engine)
    except BehindError:
        return False
    return True


@db_commands.command()
def status() -> None:
    """Show the engine, the revision of the database, and what is pending."""

    async def work(engine: AsyncEngine) -> tuple[str, list[str]]:
        async with engine.connect() as connection:
            stamps = await connection.run_sync(lambda c: schema.read_revisions(c, schema.list_tables(c)))
        return engine.dialect.name, stamps

    engine, stamps = on_engine(work)
    known = schema.list_revisions()
    typer.echo(f"engine    {engine}\nrevision  {', '.join(stamps) or 'none'}\nhead      {known[-1]}")
    if half := schema.find_unfinished_step(stamps):
        fail(half)
    if stamps and (len(stamps) > 1 or stamps[0] not in known):
        fail("this code does not know that revision.")
    pending = known[known.index(stamps[0]) + 1 :] if stamps else known
    typer.echo(f"pending   {', '.join(pending) or 'nothing'}")


@db_commands.command()
def upgrade() -> None:
    """Take the database to the newest revision. Back it up first."""
    if not on_engine(at_head):

        def tell(_: Any, step: Any) -> None:
            typer.echo(f"applied {step.up_revision_id}")

        try:
            schema.upgrade_schema(get_settings().database_url.get_secret_value(), tell)
        except (SettingsError, SchemaError) as error:
            fail(str(error))
    typer.echo(f"The database is at {schema.list_revisions()[-1]}.")


@db_commands.command()
def stamp() -> None:
    """Recognise tables that have no stamp, and stamp them."""
    typer.echo(f"The tables are those of {on_engine(schema.stamp_database)}, and stamped so.")


@db_commands.command()
def verify() -> None:
    """Compare the database with the models; print each difference, and end with 1 if there is one."""
    try:
        found = schema_differences(get_settings().database_url.get_secret_value())
    except (SettingsError, SchemaError) as error:
        fail(str(error))
    for line in found:
        typer.echo(line)
    if found:
        fail(f"{len(found)} differences between the database and the models.")
    typer.echo("The database is what the models say.")


@db_commands.command()
def sql(
    start: Annotated[str, typer.Option("--from", help="The revision at which the database is.")] = "base",
) -> None:
    """Print the SQL that takes a database to the newest revision; nothing is run."""
    from alembic import command
    from alembic.util import CommandError

    try:
        config = schema.make_alembic_config(get_settings().database_url.get_secret_value())
        command.upgrade(config, f"{start}:head", sql=True)
    except (CommandError, SettingsError) as error:
        fail(str(error))


def schema_differences(url: str) -> list[str]:
    """A line for each difference between the live catalog and the models; none when they agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    found: list[str] = []

    def compare(heads: Any, migrations: Any) -> list[Any]:
        for change in compare_metadata(migrations, schema.METADATA):
            # Changes of one column come as a list of their own.
            found.extend(map(described, change if isinstance(change, list) else [change]))
        found.extend(schema.find_trigger_differences(migrations.connection))
        found.extend(unlike_tables(migrations.connection))
        return []

    config = schema.make_alembic_config(url)
    script = ScriptDirectory.from_config(config)
    try:
        with EnvironmentContext(config, script, fn=compare, dont_mutate=True):
            script.run_env()
    except CommandError as error:
        raise SchemaError(str(error)) from error
    return sorted(found)


def unlike_tables(connection: Connection) -> list[str]:
    """A line for each primary key and each body of a CHECK that differs: Alembic compares neither."""
    inspector = inspect(connection)
    where = inspector.default_schema_name
    lines = []
    for table in schema.METADATA.tables.values():
        if not inspector.has_table(table.name, schema=where):
            continue
        key = inspector.get_pk_constraint(table.name, schema=where)["constrained_columns"]
        if key != table.primary_key.columns.keys():
            lines.append(f"primary key of {table.name}: is ({', '.join(key)})")
        live = {
            check["name"]: check["sqltext"]
            for check in inspector.get_check_constraints(table.name, schema=where)
        }
        for check in table.constraints:
            if isinstance(check, CheckConstraint) and check.name in live:
                wanted, found = str(check.sqltext), str(live[check.name])
                if literals(wanted) != literals(found):
                    lines.append(f"check {check.name} on {table.name}: is {found}, not {wanted}")
    return lines


def literals(expression: str) -> list[str]:
    """An engine hands a CHECK back in other words; its names, numbers and texts stay, but for casts."""
    plain = re.sub(r"::[a-z ]+(\[\])?|[`\"]", "", expression)
    words = re.findall(r"'(?:[^']|'')*'|\w+|[<>=!]+", plain)
    return [word for word in words if word.lower() not in ("in", "any", "array", "=")]


def described(change: tuple[Any, ...]) -> str:
    """One of Alembic's differences in words."""
    action, *about = change
    if action.startswith("modify_"):
        _, table, column, _, live, wanted = about
        return f"column {table}.{column}: {action[7:]} is {shown(live)}, not {shown(wanted)}"
    verdict = "is missing" if action.startswith("add_") else "is not in the models"
    kind = action.partition("_")[2]
    if kind == "column":
        return f"column {about[1]}.{about[2].name}: {verdict}"
    item = about[0]
    where = "" if kind == "table" else f" on {item.table.name}"
    return f"{'foreign key' if kind == 'fk' else kind} {item.name}{where}: {verdict}"


def shown(value: Any) -> str:
    """A type or a default as SQL."""
    return str(getattr(getattr(value, "arg", value), "text", getattr(value, "arg", value)))


if __name__ == "__main__":
    app(prog_name="parley")

# commands/database.py -- parley db: shows, upgrades, stamps and checks the schema of the database.
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from commands.backups import NOTHING_THERE, back_up_database
from commands.context import exit_with, load_settings, run_on_engine
from settings import SettingsError
from storage.schema.bootstrap import bootstrap, make_alembic_config, upgrade_schema
from storage.schema.diff import find_schema_differences
from storage.schema.revisions import (
    BehindError,
    SchemaError,
    find_unfinished_step,
    list_revisions,
    list_tables,
    read_revisions,
)
from storage.schema.stamp import stamp_database

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext, MigrationInfo

commands = typer.Typer(no_args_is_help=True, help="Show, upgrade and check the database's schema.")


async def bootstrap_unless_behind(engine: AsyncEngine) -> bool:
    """Create the tables of an empty database. False where an upgrade is pending."""
    try:
        await bootstrap(engine)
    except BehindError:
        return False
    return True


@commands.command("status")
def show_status() -> None:
    """Show the engine, the revision of the database, and what is pending."""

    async def work(engine: AsyncEngine) -> tuple[str, list[str]]:
        async with engine.connect() as connection:
            rows = await connection.run_sync(lambda c: read_revisions(c, list_tables(c)))
        return engine.dialect.name, rows

    engine, rows = run_on_engine(work)
    known = list_revisions()
    typer.echo(f"engine    {engine}\nrevision  {', '.join(rows) or 'none'}\nhead      {known[-1]}")
    if unfinished := find_unfinished_step(rows):
        exit_with(unfinished)
    if rows and (len(rows) > 1 or rows[0] not in known):
        exit_with("this code does not know that revision.")
    pending = known[known.index(rows[0]) + 1 :] if rows else known
    typer.echo(f"pending   {', '.join(pending) or 'nothing'}")


@commands.command("upgrade")
def upgrade_database(
    backup: Annotated[
        Path | None,
        typer.Option(help="First write a backup into this file; without one, nothing is upgraded."),
    ] = None,
) -> None:
    """Upgrade the database to the newest revision. Back it up first, or with --backup."""
    if backup and back_up_database(load_settings(), backup) is None:
        typer.echo(NOTHING_THERE)  # so that a script may ask for a backup at the first deployment too
    if not run_on_engine(bootstrap_unless_behind):

        def print_step(_: "MigrationContext", step: "MigrationInfo") -> None:
            typer.echo(f"applied {step.up_revision_id}")

        try:
            upgrade_schema(load_settings().database_url.get_secret_value(), print_step)
        except (SettingsError, SchemaError) as error:
            exit_with(str(error))
    typer.echo(f"The database is at {list_revisions()[-1]}.")


@commands.command("stamp")
def stamp_tables() -> None:
    """Recognise tables that have no stamp, and stamp them."""
    typer.echo(f"The tables are those of {run_on_engine(stamp_database)}, and stamped so.")


@commands.command("verify")
def verify_schema() -> None:
    """Compare the database with the models; print each difference, and end with status 1 if there is one."""
    try:
        differences = find_schema_differences(load_settings().database_url.get_secret_value())
    except (SettingsError, SchemaError) as error:
        exit_with(str(error))
    for line in differences:
        typer.echo(line)
    if differences:
        exit_with(f"{len(differences)} differences between the database and the models.")
    typer.echo("The database is what the models say.")


@commands.command("sql")
def print_sql(
    start: Annotated[str, typer.Option("--from", help="The present revision of the database.")] = "base",
) -> None:
    """Print the SQL that upgrades a database to the newest revision; runs nothing."""
    from alembic import command
    from alembic.util import CommandError

    try:
        config = make_alembic_config(load_settings().database_url.get_secret_value())
        command.upgrade(config, f"{start}:head", sql=True)
    except (CommandError, SettingsError) as error:
        exit_with(str(error))

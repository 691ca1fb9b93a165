# commands/seed.py -- parley seed: a user with a year of tasks and conversations, to try Parley with.
import secrets
from collections.abc import Sequence
from random import Random
from typing import Annotated

import typer
from sqlalchemy import bindparam, insert
from sqlmodel import SQLModel

import access
from access import SYSTEM
from clock import utc_now
from commands.context import exit_with, run_on_database
from commands.seed_rows import Row, SeedSizes, build_batches, build_tasks
from commands.users import parse_user
from db import Database, Transaction, get_columns
from errors import Conflict
from identity import auth
from models import Task
from models.user import UserCreate


def seed(
    email: Annotated[str, typer.Option(help="The email of the new user.")] = "demo@example.com",
    conversations: Annotated[int, typer.Option(min=0, max=100_000)] = 200,
    messages: Annotated[
        int, typer.Option(min=0, max=10_000_000, help="Of the user and of the agent together.")
    ] = 20_000,
    tasks: Annotated[int, typer.Option(min=0, max=1_000_000)] = 60,
    seed: Annotated[int, typer.Option(help="The same number gives the same texts.")] = 1,
) -> None:
    """Create a user with a year of invented tasks and conversations; print the email and a new password."""
    password = secrets.token_urlsafe(12)
    new = parse_user(email, password, "Demo")
    sizes = SeedSizes(conversations, messages, tasks)
    try:
        run_on_database(lambda db: write_user(db, new, sizes, seed))
    except Conflict as error:
        exit_with(error.detail)
    typer.echo(f"email     {new.email}\npassword  {password}")


async def write_user(db: Database, new: UserCreate, sizes: SeedSizes, seed: int) -> None:
    """The user first, then a transaction for each batch; progress goes to stderr."""
    random, end = Random(seed), utc_now()  # noqa: S311 -- not for ids and the password
    user = await db.write(auth.create_user, new, await auth.hash_in_thread(new.password))
    tasks = build_tasks(random, user.id, sizes.tasks, end)
    await db.write(insert_rows, [(Task, tasks)])
    written = 0
    for batch in build_batches(random, user.id, tasks, sizes, end):
        await db.write(insert_rows, batch.tables())
        written += len(batch.messages)
        typer.echo(f"{written:,} of {sizes.messages:,} messages", err=True)


async def insert_rows(tx: Transaction, tables: Sequence[tuple[type[SQLModel], list[Row]]]) -> None:
    for model, rows in tables:
        if rows:
            owner, _ = access.OWNERS[model]
            values: Row = {name: bindparam(name) for name in rows[0]}
            values[owner] = access.owner_value(
                SYSTEM, model, bindparam("owner", type_=get_columns(model)[owner].type)
            )
            new = insert(model.metadata.tables[str(model.__tablename__)]).values(values)
            await tx.execute(new, [{**row, "owner": row[owner]} for row in rows])

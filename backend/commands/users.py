# commands/users.py -- parley user: creates users and sets new passwords.
import sys
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from commands.context import Email, exit_with, format_validation_error, run_on_database
from db import Database
from errors import Conflict
from identity import auth
from models.identity.password_rules import NewPassword
from models.user import UserCreate

commands = typer.Typer(no_args_is_help=True, help="Create users and set new passwords.")

DisplayName = Annotated[str | None, typer.Option("--name", help="How the user is called.")]


def ask_password() -> str:
    """Typed twice at a terminal; from a pipe, the first line."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


def parse_user(email: str, password: str, name: str | None = None) -> UserCreate:
    try:
        return UserCreate(email=email, password=password, display_name=name)
    except ValidationError as error:
        exit_with(format_validation_error(error))


@commands.command("create")
def create_user(email: Email, name: DisplayName = None) -> None:
    """Create a user, even if registration is closed. Asks for the password, or reads it from a pipe."""
    new = parse_user(email, ask_password(), name)

    async def work(db: Database) -> str:
        user = await db.write(auth.create_user, new, await auth.hash_in_thread(new.password))
        return f"{user.email} can sign in now (id {user.id})."

    try:
        typer.echo(run_on_database(work))
    except Conflict as error:
        exit_with(error.detail)


@commands.command("reset-password")
def reset_password(email: Email) -> None:
    """Set a new password and end every session and API token of the user."""
    try:
        password: str = TypeAdapter(NewPassword).validate_python(ask_password())
    except ValidationError as error:
        exit_with(f"password: {format_validation_error(error).removeprefix(': ')}")
    if run_on_database(lambda db: auth.reset_password(db, email, password)) is None:
        exit_with("nobody has this email.")
    typer.echo(f"{email} has a new password; every session and API token has ended.")

# commands/tokens.py -- parley token: creates API tokens.
from typing import Annotated

import typer
from pydantic import ValidationError

from access import Caller
from commands.context import Email, exit_with, format_validation_error, run_on_database
from db import Database
from errors import Conflict
from models.api_token import AccessTokenCreate
from services.identity import api_tokens, auth

commands = typer.Typer(no_args_is_help=True, help="Create API tokens for MCP clients.")


@commands.command("create")
def create_token(
    email: Email,
    name: Annotated[
        str, typer.Option(help="The name of the token, and of the conversation that records its calls.")
    ],
    days: Annotated[int, typer.Option(help="The days until it expires; 0: no expiry.")] = 90,
    read_only: Annotated[bool, typer.Option("--read-only", help="The token can only read.")] = False,
) -> None:
    """Create an API token for a user, and print it once."""
    scopes = ["read"] if read_only else ["read", "write"]
    try:
        new = AccessTokenCreate.model_validate(
            {"name": name, "expires_in_days": days or None, "scopes": scopes}
        )
    except ValidationError as error:
        exit_with(format_validation_error(error))

    async def work(db: Database) -> str | None:
        user = await db.read(auth.find_user, email)
        if user is None:
            return None
        return (await db.write(api_tokens.create_token, Caller(user.id, None), new)).token

    try:
        token = run_on_database(work)
    except Conflict as error:
        exit_with(error.detail)
    if token is None:
        exit_with("nobody has this email.")
    typer.echo(token)

# commands/tokens.py -- parley token: creates API tokens.
from typing import Annotated

import typer
from pydantic import ValidationError

from access import Caller
from commands.context import Email, exit_with, format_validation_error, run_on_database
from db import Database
from errors import Conflict
from identity import api_tokens, auth
from models.identity.api_token import SCOPES, AccessTokenCreate

commands = typer.Typer(no_args_is_help=True, help="Create API tokens for programs.")


@commands.command("create")
def create_token(
    email: Email,
    name: Annotated[
        str, typer.Option(help="The name of the token, and of the conversation that records its calls.")
    ],
    days: Annotated[int, typer.Option(help="The days until it expires; 0: no expiry.")] = 90,
    read_only: Annotated[bool, typer.Option("--read-only", help="The same as --scope read.")] = False,
    scope: Annotated[
        list[str] | None,
        typer.Option(help=f"What the token may do, for each scope once: {', '.join(SCOPES)}."),
    ] = None,
) -> None:
    """Create an API token for a user, and print it once. Without --scope it may read and write."""
    if read_only and scope:
        exit_with("--read-only and --scope exclude each other.")
    scopes = ["read"] if read_only else scope or ["read", "write"]
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

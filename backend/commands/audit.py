# commands/audit.py -- parley audit: prints what was done for a user.
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from access import Caller
from commands.context import Email, exit_with, format_validation_error, make_printable, run_on_database
from db import Database
from identity import auth
from models.shapes import GivenTime, JsonObject
from pagination import MAX_LIMIT, Page
from services.audit.tool_calls import CallFilter, list_tool_calls

MAX_ARGUMENTS = 120


def audit(
    email: Email,
    limit: Annotated[int, typer.Option(min=1, help="How many calls at most.")] = 50,
    name: Annotated[str | None, typer.Option(help="Only calls of this tool.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only calls since this time, such as 2026-01-31T12:00:00Z.")
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only calls that failed.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, as the API has it.")
    ] = False,
) -> None:
    """Print a user's tool calls across all conversations, newest first, as GET /v1/tool-calls lists them."""
    try:
        moment = TypeAdapter(GivenTime).validate_python(since) if since else None
    except ValidationError as error:
        exit_with(f"since: {format_validation_error(error).removeprefix(': ')}")
    wanted = CallFilter(name=name, error=failed or None, since=moment)

    async def work(db: Database) -> bool:
        user = await db.read(auth.find_user, email)
        if user is None:
            return False
        async for call in read_calls(db, Caller(user.id, None), wanted, limit):
            typer.echo(to_json(call).decode() if as_json else format_call(call))
        return True

    if not run_on_database(work):
        exit_with("nobody has this email.")


async def read_calls(
    db: Database, caller: Caller, wanted: CallFilter, limit: int
) -> AsyncIterator[JsonObject]:
    """The newest calls, page by page."""
    page = Page(min(limit, MAX_LIMIT))
    while limit > 0:
        listed = from_json(await list_tool_calls(db, caller, wanted, page))
        for call in listed["data"]:
            yield call
        limit -= len(listed["data"])
        if listed["next_cursor"] is None:
            return
        page = replace(page, limit=min(limit, MAX_LIMIT), cursor=listed["next_cursor"])


def format_call(call: JsonObject) -> str:
    """One line; of long arguments only the beginning."""
    arguments = to_json(call["arguments"]).decode()
    if len(arguments) > MAX_ARGUMENTS:
        arguments = f"{arguments[: MAX_ARGUMENTS - 1]}…"
    outcome = "done" if call["error"] is None else f"failed: {call['error']}"
    line = f"{call['created_at']}  {call['conversation_id']}  {call['name']} {arguments}  {outcome}"
    # What a model has written must not steer the operator's terminal.
    return make_printable(line)

# commands/replay.py -- parley replay: sends a stored conversation to a model again and prints what differs.
from typing import Annotated
from uuid import UUID

import typer

from agent.replay import ReplayedTurn, replay_conversation
from commands.context import exit_with, load_settings, run_on_database
from db import Database
from errors import NotFound
from llm.opening import close_model, open_model
from llm.protocol import ModelError
from settings import Settings


def replay(
    conversation: Annotated[UUID, typer.Argument(help="The conversation's id.")],
    model: Annotated[
        str | None, typer.Option("--model", help="The model to use instead of the setting MODEL.")
    ] = None,
) -> None:
    """Send a conversation to a model again, with stored tool results; end with status 1 if anything differs.

    Writes nothing. Each turn gets the stored history before it and the time of its run.
    """

    async def work(db: Database) -> tuple[int, int]:
        settings = load_settings()
        answering = open_model(settings.model_copy(update={"model": model} if model else {}))
        turns = different = 0
        try:
            async for turn in replay_conversation(
                db, answering, conversation, settings.context_tokens, list_querying_accounts(settings)
            ):
                turns += 1
                different += bool(turn.differences)
                typer.echo(format_turn(turns, turn))
        finally:
            await close_model(answering)
        return turns, different

    try:
        turns, different = run_on_database(work)
    except (NotFound, ModelError) as error:
        exit_with(
            error.detail if isinstance(error, NotFound) else f"the model did not answer: {error.reason}"
        )
    typer.echo(f"{turns} turns, {different or 'none'} of them different.")
    if different:
        raise typer.Exit(1)


def list_querying_accounts(settings: Settings) -> set[UUID]:
    return {account for entry in settings.query_databases.get_secret_value() for account in entry.accounts}


def format_turn(number: int, turn: ReplayedTurn) -> str:
    """A turn of a replay, with stored (-) and new (+) calls and text."""
    asked = " ".join(turn.asked.split())
    head = f"{number:>3}  {'differs' if turn.differences else 'same   '}  {asked[:80]}"
    lines = [
        f"     {difference.kind:<5} {mark} {line}"
        for difference in turn.differences
        for mark, text in (("-", difference.stored), ("+", difference.replayed))
        for line in (text or "").splitlines()
    ]
    return "\n".join([head, *lines])

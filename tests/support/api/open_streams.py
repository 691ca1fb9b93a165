# support/api/open_streams.py -- hold requests open and count what they hold.
import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from streaming.open_streams import Reader
from support.llm.scripted_model import ScriptedModel
from support.servers import Person, Server, read_events

CHAT = {"message": "hello"}


async def settled() -> None:
    """Everything that can go on without the database has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)


@contextmanager
def at_work(
    server: Server, person: Person, model: ScriptedModel, **body: str
) -> Iterator[tuple[UUID, threading.Event]]:
    """A run of the person's whose model has not answered, and the event that lets it."""
    gate = threading.Event()
    model.answers = [[gate, "Done."]]
    headers = {"Accept": "text/event-stream"}
    try:
        with person.http.stream("POST", "/v1/chat", json={**CHAT, **body}, headers=headers) as answer:
            run_id = UUID(answer.headers["X-Run-ID"])
            next(read_events(answer))
        yield run_id, gate
    finally:
        gate.set()


def list_open(server: Server, kind: str) -> list[Reader]:
    found: list[Reader] = []
    for by_id in (
        server.state.open_streams._of_runs,
        server.state.open_streams._others,
        server.state.open_streams._of_credentials,
    ):
        found += [seat for of_one in list(by_id.values()) for seat in of_one if seat.kind == kind]
    return list({id(seat): seat for seat in found}.values())


def has_no_places_taken(server: Server) -> bool:
    return not server.state.stream_slots._held

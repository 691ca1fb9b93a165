# support/api/runs.py -- beginning a run by hand and reading what became of it.
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from access import SYSTEM
from agent.leases import Lease
from models import Run, RunEvent
from services.run_log import read_log
from support.servers import (
    Event,
    Person,
    Server,
    in_database,
    read_events,
)

STREAM = {"Accept": "text/event-stream"}


def begin(person: Person, message: str = "hello", **body: Any) -> str:
    """The id of a run that is left to itself."""
    with person.http.stream("POST", "/v1/chat", json={"message": message, **body}, headers=STREAM) as answer:
        assert answer.status_code == 200, answer.read()
        return answer.headers["X-Run-ID"]


def last_message(person: Person, run_id: str) -> Any:
    path = f"/v1/conversations/{person.get(f'/v1/runs/{run_id}')['conversation_id']}/messages"
    return person.get(path)["data"][-1]


def followed(person: Person, run_id: str, after: int | None = None) -> list[Event]:
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    with person.http.stream("GET", f"/v1/runs/{run_id}/events", headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        return list(read_events(answer))


def followed_text(server: Server, run_id: str) -> str:
    return text_of(in_database(server, lambda tx: read_log(tx, SYSTEM, UUID(run_id))))


def text_of(events: Sequence[Event | RunEvent]) -> str:
    """What a front end shows: deltas, taken back by a reset."""
    text = ""
    for event in events:
        if event.type == "message.delta":
            text += event.data["text"]
        elif event.type == "message.reset":
            text = event.data["content"]
    return text


def renew_epoch(lease: Lease, epoch: int) -> Lease:
    """The same lease as a worker has it that claimed the run under this epoch."""
    return replace(lease, run=Run(**{**lease.run.model_dump(), "epoch": epoch}))

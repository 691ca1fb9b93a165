# support/api/runs.py -- beginning a run by hand and reading what became of it.
from typing import Any
from uuid import UUID

from access import SYSTEM
from services.runs import read_log
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


def followed(person: Person, run_id: str) -> list[Event]:
    with person.http.stream("GET", f"/v1/runs/{run_id}/events") as answer:
        return list(read_events(answer))


def last_message(person: Person, run_id: str) -> Any:
    path = f"/v1/conversations/{person.get(f'/v1/runs/{run_id}')['conversation_id']}/messages"
    return person.get(path)["data"][-1]


def followed_text(server: Server, run_id: str) -> str:
    events = in_database(server, lambda tx: read_log(tx, SYSTEM, UUID(run_id)))
    said = ""
    for event in events:
        said = said + event.data["text"] if event.type == "message.delta" else said
        said = "" if event.type == "message.reset" else said
    return said

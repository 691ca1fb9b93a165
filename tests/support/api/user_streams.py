# support/api/user_streams.py -- open a user stream and take its events.
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from support.servers import Event, Person, Server, read_events

STREAM = "/v1/events/stream"


@contextmanager
def opened(person: Person, after: int | None = None) -> Iterator[Iterator[Event]]:
    """The events of a stream that is open for the block."""
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    with person.http.stream("GET", STREAM, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield read_events(answer)


def reset(stream: Iterator[Event]) -> int:
    """Where a stream without Last-Event-ID begins."""
    first = next(stream)
    assert (first.type, first.data) == ("reset", {})
    return first.id


def find_end(person: Person) -> int:
    """The last number of the log."""
    number: int = person.get("/v1/changes")["next_after"]
    return number


def take(stream: Iterator[Event], count: int) -> list[Event]:
    return [next(stream) for _ in range(count)]


def until(stream: Iterator[Event], *types: str) -> list[Event]:
    """What comes up to the first event of one of the types."""
    seen = []
    for event in stream:
        seen.append(event)
        if event.type in types:
            return seen
    raise AssertionError(f"the stream ended: {seen}")


def types(seen: list[Event]) -> list[str]:
    return [event.type for event in seen]


def as_on(server: Server, person: Person) -> Person:
    """The same person, in the same session, on another server."""
    token = person.http.headers["Authorization"]
    return Person(person.id, person.email, server.client(Authorization=token), person.tokens)


def noting(read: Callable[..., Awaitable[Any]], names: list[str]) -> Callable[..., Awaitable[Any]]:
    async def noted(work: Any, *args: Any, **kw: Any) -> Any:
        names.append(work.__name__)
        return await read(work, *args, **kw)

    return noted

# grower.py -- grows each thing that the API takes, alone, and watches what the server spends on it.
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import httpx

from attacks.places import Document, Place
from attacks.victim import Bystander, Victim
from support.servers import Person

# A request line and headers are bounded far below a body; a little over each bound is asked for too.
MOST_TEXT = 100_000
MOST_BODY = 1_200_000
# What an answer may hold before it is not read on; and a stream that says nothing is left after so many seconds.
MOST_READ = 1_000_000
STREAM_SECONDS = 0.3

# What a long text may be made of: plain, words that the offline model knows, Markdown, wide characters.
TEXTS: dict[str, Callable[[int], str]] = {
    "letters": lambda size: "a" * size,
    "dashes": lambda size: "add " + "- " * (size // 2),
    "one long word": lambda size: "move x to " + "a" * size + " b c d e f g",
    "clauses": lambda size: ("add buy milk tomorrow and " * (size // 26 + 1))[:size],
    "questions": lambda size: ("show all my tasks due friday, then delete it. " * (size // 46 + 1))[:size],
    "images": lambda size: "![" * (size // 2),
    "brackets": lambda size: "[" * (size // 2) + "]" * (size // 2),
    "emphasis": lambda size: "*a_" * (size // 3),
    "quotes": lambda size: "> " * (size // 2),
    "wide": lambda size: "ä" * (size // 2),
    "digits": lambda size: "7" * size,
}
WHOLES: dict[str, Callable[[int], str]] = {
    "nested lists": lambda size: "[" * (size // 2) + "]" * (size // 2),
    "nested objects": lambda size: '{"a":' * (size // 6) + "1" + "}" * (size // 6),
    "list of lists": lambda size: "[" + "[]," * (size // 3) + "1]",
    "unknown keys": lambda size: "{" + ",".join(f'"k{n}":1' for n in range(max(1, size // 10))) + "}",
    "one long text": lambda size: json.dumps("a" * size),
    "one long number": lambda size: "7" * size,
}


@dataclass(frozen=True)
class Sample:
    """One request: what it was, and what it cost in seconds of the server's processor."""

    place: Place
    form: str
    size: int
    status: int
    processor: float
    waited: float

    def __str__(self) -> str:
        return f"{self.place.operation}  {self.place.name}  {self.form} x {self.size:,}"


def forms_of(place: Place, names: Iterable[str]) -> Iterator[tuple[str, Callable[[int], str]]]:
    """The ways in which a place may grow; `names` are the texts that are tried."""
    if place.kind == "text":
        yield from ((name, TEXTS[name]) for name in names if name != "wide" or "header" not in place.name)
    elif place.kind == "string":
        for name in names:
            yield name, lambda size, make=TEXTS[name]: json.dumps(make(size))  # type: ignore[misc]
    elif place.kind == "number":
        yield "digits", lambda size: "7" * size
    elif place.kind == "array":
        yield "items", lambda size: "[" + ",".join(['"read"'] * max(1, size // 7)) + "]"
    else:
        yield from WHOLES.items()


def sizes_of(place: Place, start: int) -> Iterator[int]:
    """Ten times more each time, up to the limit that the document names and to what the server takes at all."""
    most = MOST_TEXT if place.kind == "text" else MOST_BODY
    sizes = {most, *([place.limit, place.limit + 1] if place.limit else [])}
    size = start
    while size < most:
        sizes.add(size)
        size *= 10
    return (size for size in sorted(sizes) if size >= min(start, place.limit or start))


class Grower:
    """Asks as a person who is signed in; signs in anew when one of the requests has ended the session."""

    def __init__(self, victim: Victim, bystander: Bystander) -> None:
        self._victim = victim
        self._bystander = bystander
        self._people = 0
        self._person = self._new_person()
        self.document = Document(self._person.http.get("/openapi.json").json(), self._known_ids())

    def _new_person(self) -> Person:
        self._people += 1
        return self._victim.person(f"grower{self._people}")

    def _known_ids(self) -> dict[str, str]:
        answer = self._person.chat("add buy milk and call mom")
        task = self._person.post("/v1/tasks", title="Water the plants")
        # `title` is examined as any other field; so is what names nothing that exists.
        return {
            "conversation_id": answer["conversation_id"],
            "run_id": answer["run_id"],
            "task_id": task["id"],
            "email": "grown@example.com",
        }

    def grow(self, place: Place, forms: Iterable[str], start: int) -> Iterator[Sample]:
        for form, make in forms_of(place, forms):
            for size in sizes_of(place, start):
                sample = self._ask(place, form, size, make(size))
                if sample is None:
                    break
                yield sample
                if sample.status in (413, 414, 431):
                    break  # what is larger still is refused as well

    def _ask(self, place: Place, form: str, size: int, grown: str) -> Sample | None:
        client = self._person.http
        try:
            request = place.operation.request(client, grown)
        except (httpx.InvalidURL, UnicodeEncodeError):
            return None  # httpx itself sends no such thing
        self._bystander.take_worst_wait()
        before = self._victim.processor_seconds()
        status = read_status(client, request)
        spent = self._victim.processor_seconds() - before
        if status == 401 and client.get("/v1/me").status_code == 401:
            self._person = self._new_person()
        return Sample(place, form, size, status, spent, self._bystander.take_worst_wait())


def read_status(client: httpx.Client, request: httpx.Request) -> int:
    """The answer's status, once its body has come; 0 where the server hung up instead of answering."""
    is_stream = request.url.path.endswith(("/stream", "/events"))
    request.extensions["timeout"] = httpx.Timeout(60, read=STREAM_SECONDS if is_stream else 60).as_dict()
    try:
        answer = client.send(request, stream=True)
    except httpx.RemoteProtocolError:
        return 0
    except (httpx.WriteError, httpx.ReadError):
        return 0  # the refusal was lost because the server closed what was still being written
    read = 0
    with suppress(httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError):
        for piece in answer.iter_raw():
            read += len(piece)
            if read > MOST_READ:
                break
    answer.close()
    return answer.status_code

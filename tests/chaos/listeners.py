# listeners.py -- people who hear what changes: user streams that are open through all faults, and what they heard.
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx

SETTLE_SECONDS = 30.0


@dataclass
class Heard:
    """What came on one stream, in the order in which it came: the number and the type. It begins after `since`."""

    user_id: str
    since: int = 0
    changes: list[tuple[int, str]] = field(default_factory=list)


class Listener(threading.Thread):
    """Follows the changes of one person on any worker, and goes on elsewhere wherever the stream breaks."""

    def __init__(self, heard: Heard, url: Callable[[], str], headers: Mapping[str, str], seed: int) -> None:
        super().__init__(name=f"listener-{seed}", daemon=True)
        self.heard = heard
        self.url, self.headers = url, headers
        self.dice = random.Random(seed)
        self.stop = threading.Event()

    def run(self) -> None:
        while not self.stop.is_set():
            with (
                suppress(httpx.TransportError),
                httpx.Client(trust_env=False, verify=False, timeout=3) as http,
            ):
                self.follow(http)
            threading.Event().wait(0.05)

    def follow(self, http: httpx.Client) -> None:
        after = self.heard.changes[-1][0] if self.heard.changes else self.heard.since
        headers = {**self.headers, "Last-Event-ID": str(after)}
        with http.stream("GET", f"{self.url()}/v1/events/stream", headers=headers) as answer:
            if answer.status_code >= 500:
                return
            answer.raise_for_status()
            number, kind = 0, ""
            leaves_after = self.dice.randrange(5, 100)
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "id":
                    number = int(value)
                elif not line and kind:
                    self.heard.changes.append((number, kind))
                    kind = ""
                    leaves_after -= 1
                if self.stop.is_set() or leaves_after == 0:
                    return


def wait_for_all(listeners: list[Listener], log: Callable[[], Mapping[str, list[tuple[int, str]]]]) -> None:
    """Returns when each listener has heard as much as the log has for its person, or after SETTLE_SECONDS."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        expected = log()
        if all(len(each.heard.changes) >= len(expected[each.heard.user_id]) for each in listeners):
            break
        threading.Event().wait(0.2)
    stop_all(listeners)


def wait_for_none_missing(listeners: list[Listener], count_missing: Callable[[], int]) -> None:
    """The same by a count of what is missing."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while count_missing() and time.monotonic() < deadline:
        threading.Event().wait(0.2)
    stop_all(listeners)


def stop_all(listeners: list[Listener]) -> None:
    for each in listeners:
        each.stop.set()
    for each in listeners:
        each.join()


def count_faults(heard: list[Heard], log: Mapping[str, list[tuple[int, str]]]) -> dict[str, int]:
    """How often a stream missed a change, heard one twice, or heard two in another order than the log has them."""
    missing = doubled = disordered = 0
    for each in heard:
        expected, found = Counter(log[each.user_id]), Counter(each.changes)
        missing += (expected - found).total()
        doubled += (found - expected).total()
        numbers = [number for number, _ in each.changes]
        disordered += sum(later < earlier for earlier, later in pairwise(numbers))
    return {
        "changes missing on streams": missing,
        "changes doubled on streams": doubled,
        "changes out of order on streams": disordered,
    }


def read_log(rows: Callable[[str], list[Any]]) -> dict[str, list[tuple[int, str]]]:
    """The log of each person; what has no number yet is there with the number 0, so that nobody has heard it."""
    found: dict[str, list[tuple[int, str]]] = {str(row.id): [] for row in rows("SELECT id FROM users")}
    statement = (
        "SELECT events.audience_id, coalesce(event_log.seq, 0) AS seq, events.type FROM events "
        "LEFT JOIN event_log ON event_log.event_id = events.id WHERE events.audience = 'user' ORDER BY event_log.seq"
    )
    for row in rows(statement):
        found[str(row.audience_id)].append((row.seq, row.type))
    return found


def count_untold(acknowledged: Mapping[str, str], rows: Callable[[str], list[Any]]) -> int:
    """Acknowledged messages that are not told of exactly once."""
    statement = (
        "SELECT payload -> 'message' ->> 'client_id' AS client_id FROM events "
        "WHERE type = 'message.created' AND payload -> 'message' ->> 'role' = 'user'"
    )
    told = Counter(row.client_id for row in rows(statement))
    return sum(told[client_id] != 1 for client_id in acknowledged)

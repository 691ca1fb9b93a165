# support/transfers/imports.py -- sends files, and reads what became of them.
import json
from collections.abc import Iterable
from typing import Any

import httpx

from support.servers import Person


def send_file(person: Person, file: bytes | Iterable[bytes], **query: str) -> httpx.Response:
    return person.http.post("/v1/me/import", content=file, params=query)


def import_file(person: Person, file: bytes | Iterable[bytes], **query: str) -> Any:
    """The report of an import."""
    answer = send_file(person, file, **query)
    assert answer.status_code == 200, answer.text
    *progress, last = [json.loads(line) for line in answer.text.splitlines()]
    assert {line["type"] for line in progress} <= {"progress"}
    return last["report"]


def counts_of(report: Any) -> tuple[list[int], list[int]]:
    """How many tasks, conversations and messages were made, and how many were there."""
    nouns = ("tasks", "conversations", "messages")
    return [report["imported"][noun] for noun in nouns], [report["skipped"][noun] for noun in nouns]


def left_out(report: Any) -> dict[str, int]:
    """How many of what."""
    found: dict[str, int] = {}
    for entry in report["left_out"]:
        assert entry["why"]
        found[entry["what"]] = found.get(entry["what"], 0) + entry["count"]
    return found


def said_in(person: Person, title: str) -> list[tuple[str, str]]:
    """Who has said what in the conversation of this title."""
    [conversation] = [
        each for each in person.get("/v1/conversations", limit=200)["data"] if each["title"] == title
    ]
    rows = person.get(f"/v1/conversations/{conversation['id']}/messages", limit=200)["data"]
    return [(row["role"], row["content"]) for row in rows]

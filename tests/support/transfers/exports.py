# support/transfers/exports.py -- reads the lines of an export.
import json
from collections.abc import Iterator
from typing import Any

from support.servers import Person


def export(person: Person) -> list[Any]:
    """All lines of the person's export."""
    answer = person.http.get("/v1/me/export")
    assert answer.status_code == 200, answer.text
    assert answer.text.endswith("\n")
    return [json.loads(line) for line in answer.text.splitlines()]


def pick(lines: list[Any], type_: str) -> list[Any]:
    """What the lines of one type hold."""
    return list(iter_type(lines, type_))


def iter_type(lines: list[Any], type_: str) -> Iterator[Any]:
    for line in lines:
        assert set(line) == {"type", line["type"]}
        if line["type"] == type_:
            yield line[type_]

# imports/report.py -- what has become of what was in a file: made, there already, or left out and why.
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from imports.items import Source
from models.shapes import JsonObject
from models.undo.left_out import LeftOut, leave_out

Noun = Literal["tasks", "conversations", "messages"]
NOUNS: tuple[Noun, ...] = ("tasks", "conversations", "messages")
# Why things are left out of any kind of file.
TOO_LONG = "It is longer than 2 MiB."
UNKNOWN = "Its form is not known."


@dataclass(slots=True)
class Report:
    """Grows while a file is read. `change_id` is the change of what was made, by which it can be undone."""

    source: Source
    change_id: UUID | None = None
    size: int = 0
    imported: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    _left_out: dict[tuple[str, str], LeftOut] = field(default_factory=dict)

    def leave_out(self, what: str, why: str, example: str | None = None, count: int = 1) -> None:
        leave_out(self._left_out, what, why, example, count)

    def show_progress(self) -> JsonObject:
        return {
            "bytes": self.size,
            "imported": {noun: self.imported[noun] for noun in NOUNS},
            "skipped": {noun: self.skipped[noun] for noun in NOUNS},
        }

    def show(self, problem: JsonObject | None) -> JsonObject:
        left_out = [entry.model_dump() for entry in self._left_out.values()]
        return {
            "format": self.source,
            **self.show_progress(),
            "left_out": left_out,
            "change_id": self.change_id,
            "problem": problem,
        }

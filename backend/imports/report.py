# imports/report.py -- what has become of what was in a file: made, there already, or left out and why.
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from imports.items import Source
from imports.texts import shorten
from models.shapes import ApiModel, JsonObject

Noun = Literal["tasks", "conversations", "messages"]
NOUNS: tuple[Noun, ...] = ("tasks", "conversations", "messages")
# Why things are left out of any kind of file.
TOO_LONG = "It is longer than 2 MiB."
UNKNOWN = "Its form is not known."
MAX_EXAMPLES = 3
MAX_EXAMPLE = 80


class LeftOut(ApiModel):
    """`examples` are the first of them."""

    what: str
    why: str
    count: int = 0
    examples: list[str]


@dataclass(slots=True)
class Report:
    """Grows while a file is read. The reasons are words of the code, so that there are few of them."""

    source: Source
    size: int = 0
    imported: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    _left_out: dict[tuple[str, str], LeftOut] = field(default_factory=dict)

    def leave_out(self, what: str, why: str, example: str | None = None, count: int = 1) -> None:
        entry = self._left_out.setdefault((what, why), LeftOut(what=what, why=why, examples=[]))
        entry.count += count
        words = " ".join((example or "")[: 4 * MAX_EXAMPLE].split())
        if words and len(entry.examples) < MAX_EXAMPLES:
            entry.examples.append(shorten(words, MAX_EXAMPLE))

    def show_progress(self) -> JsonObject:
        return {
            "bytes": self.size,
            "imported": {noun: self.imported[noun] for noun in NOUNS},
            "skipped": {noun: self.skipped[noun] for noun in NOUNS},
        }

    def show(self, problem: JsonObject | None) -> JsonObject:
        left_out = [entry.model_dump() for entry in self._left_out.values()]
        return {"format": self.source, **self.show_progress(), "left_out": left_out, "problem": problem}

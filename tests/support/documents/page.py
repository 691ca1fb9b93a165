# support/documents/page.py -- specs/documents.md as rows: what a document says, what Parley has, whether it is there.
import re
from collections.abc import Iterator
from dataclasses import dataclass

from settings import ROOT

PAGE = ROOT / "specs" / "documents.md"
# What a table is about, by the head of its third column.
KINDS = {"type", "definition", "takes", "takes along", "holds", "afterwards"}
STATES = {"yes", "left out"}


@dataclass(frozen=True)
class Row:
    document: str
    kind: str
    said: str
    parley: str
    promise: str
    there: str

    def __str__(self) -> str:
        return f"{self.document}, {self.said or self.parley}"

    @property
    def name(self) -> str:
        """What Parley calls it; the first of them."""
        return names(self.parley)[0]


def names(cell: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def split_cells(line: str) -> list[str]:
    """The cells of a line of a table; a `|` within a cell has a backslash before it."""
    return [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def read_rows() -> Iterator[Row]:
    document = kind = ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            document = line.removeprefix("## Document ")[:3]
        if not line.startswith("|") or line.startswith("| ---"):
            continue
        cells = split_cells(line)
        if cells[0] == "the document says" and len(cells) == 5:
            _, parley, kind, there, why = cells
            assert (parley, there, why) == ("Parley", "there", "why different"), line
            assert kind in KINDS, line
        elif document:
            assert len(cells) == 5, line
            assert cells[3] in STATES, line
            yield Row(document, kind, *cells[:4])


ROWS = list(read_rows())


def rows_of(*kinds: str, document: str = "") -> list[Row]:
    return [row for row in ROWS if row.kind in kinds and document in ("", row.document)]


def read_points(document: str, heading: str, table: int = 0) -> list[Row]:
    """The points of a section that are to be run, each as a row whose promise is what its command prints.

    They stand in its first table, or in the one of this number, from 0.
    """
    text = (ROOT / document).read_text()
    section = text[text.index(f"\n## {heading}\n") :].split("\n## ")[1]
    lines = [part for part in section.split("\n\n") if part.startswith("| ")][table]
    return [
        Row(heading, "afterwards", point, command, f"prints {printed}" if printed else "", "yes")
        for point, command, printed in map(split_cells, lines.splitlines()[2:])
    ]

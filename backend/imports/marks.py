# imports/marks.py -- what other products write into texts that nobody has said: marks and folded blocks.
"""All in time linear in the text: who makes a file may write anything into it."""

import re
from collections.abc import Iterator

from imports.pieces import parse_piece

# ChatGPT's: a kind, and what it is about, behind separators of Unicode's private use.
MARK = re.compile("\ue200([a-z_]{1,40})\ue202?([^\ue200\ue201]{0,2000})\ue201")
OTHER_MARKS = re.compile("[\ue200-\ue206]")
# Open WebUI's: thoughts and calls of tools, which the page shows folded.
FOLDED = re.compile(
    r'<details\b[^<>]{0,2000}\btype="(reasoning|tool_calls|code_interpreter)"[^<>]{0,200000}>'
)
END_OF_FOLDED = "</details>"
REFERENCES = "references to sources"
THOUGHTS = "thoughts"
STEPS = "steps with a tool"


def strip_marks(text: str) -> tuple[str, int]:
    """A text of ChatGPT without its marks, and how many of them have pointed to a source.

    A name that stands in a mark stays.
    """
    if not OTHER_MARKS.search(text):
        return text, 0
    references = 0

    def replace(mark: re.Match[str]) -> str:
        nonlocal references
        if mark[1] == "entity" and (name := read_entity(mark[2])) is not None:
            return name
        references += 1
        return ""

    return OTHER_MARKS.sub("", MARK.sub(replace, text)), references


def read_entity(about: str) -> str | None:
    """The name of what is mentioned: the second one of a list, behind its kind."""
    try:
        value = parse_piece(about.encode(errors="replace"))
    except ValueError:
        return None
    return value[1] if isinstance(value, list) and len(value) > 1 and isinstance(value[1], str) else None


def strip_folded(text: str) -> tuple[str, list[str]]:
    """A text of Open WebUI without its folded blocks, and what each of them was."""
    kept: list[str] = []
    found: list[str] = []
    position = 0
    for begin, end, what in list_folded(text):
        kept.append(text[position:begin])
        found.append(what)
        position = end
    return "".join([*kept, text[position:]]), found


def list_folded(text: str) -> Iterator[tuple[int, int, str]]:
    """Where each block begins and ends; one without an end is none, and so is what follows it."""
    position = 0
    while (opening := FOLDED.search(text, position)) is not None:
        end = text.find(END_OF_FOLDED, opening.end())
        if end < 0:
            return
        position = end + len(END_OF_FOLDED)
        yield opening.start(), position, THOUGHTS if opening[1] == "reasoning" else STEPS

# search/excerpts.py -- the piece of a text around what was looked for, with the hits marked.
from models.search.search_hit import ExcerptPart

EXCERPT_CHARACTERS = 200
CHARACTERS_BEFORE = 60


def make_excerpt(text: str, terms: tuple[str, ...]) -> list[ExcerptPart]:
    """The text around the first place of a term, in parts, of which the terms are marked.

    It is longer where the term at the first place is. Without a place it is the text's beginning.
    """
    folded = fold_case(text)
    needles = [fold_case(term) for term in terms]
    places = [(place, len(needle)) for needle in needles if (place := folded.find(needle)) >= 0]
    first, length = min(places, default=(0, 0))
    start = max(first - CHARACTERS_BEFORE, 0)
    end = min(max(start + EXCERPT_CHARACTERS, first + length), len(text))
    parts = mark_parts(text[start:end], find_marks(folded[start:end], needles))
    if start > 0:
        parts.insert(0, ExcerptPart(text="…", marked=False))
    if end < len(text):
        parts.append(ExcerptPart(text="…", marked=False))
    return parts


def fold_case(text: str) -> str:
    """The text without the difference of case, character by character, so that places are those of the text.

    İ is the only character whose lower case is two, and Σ has two lower cases.
    """
    return text.replace("\u0130", "i").lower().replace("\u03c2", "\u03c3")


def has_any(text: str, terms: tuple[str, ...]) -> bool:
    folded = fold_case(text)
    return any(fold_case(term) in folded for term in terms)


def find_marks(folded: str, needles: list[str]) -> list[tuple[int, int]]:
    """Where the needles stand, as spans from left to right that do not touch."""
    spans = []
    for needle in needles:
        place = folded.find(needle)
        while place >= 0:
            spans.append((place, place + len(needle)))
            place = folded.find(needle, place + len(needle))
    marks: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if marks and start <= marks[-1][1]:
            marks[-1] = (marks[-1][0], max(end, marks[-1][1]))
        else:
            marks.append((start, end))
    return marks


def mark_parts(text: str, marks: list[tuple[int, int]]) -> list[ExcerptPart]:
    parts = []
    position = 0
    for start, end in marks:
        if start > position:
            parts.append(ExcerptPart(text=text[position:start], marked=False))
        parts.append(ExcerptPart(text=text[start:end], marked=True))
        position = end
    if position < len(text):
        parts.append(ExcerptPart(text=text[position:], marked=False))
    return parts

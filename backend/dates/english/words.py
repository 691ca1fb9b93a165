# dates/english/words.py -- cuts a text into the tokens that the grammar of dates reads
import datetime as dt
import re
from collections.abc import Container
from dataclasses import dataclass
from typing import NamedTuple

from dates.orders import NumericOrder

MAX_CHARACTERS = 1000  # a date further on in a text is ignored; no title is as long

_TOKEN = re.compile(
    r"""(?P<quote>"[^"\n]{1,300}"|“[^”\n]{1,300}”)
    |(?P<ymd>[0-9]{4}(?P<dash>[-/.])[0-9]{1,2}(?P=dash)[0-9]{1,2})(?![0-9])
    |(?P<dmy>[0-9]{1,2}(?P<mark2>[-/.])[0-9]{1,2}(?P=mark2)(?:[0-9]{4}|[0-9]{2}))(?![0-9])
    |(?P<clock>[0-9]{1,2}[:h][0-9]{2}(?::[0-9]{2})?)(?![0-9])
    |(?P<pair>[0-9]{1,2}/[0-9]{1,2})(?![0-9/])
    |(?P<decimal>[0-9]{1,3}\.[0-9]{1,2})(?![0-9.])
    |(?P<ordinal>[0-9]{1,2}(?:st|nd|rd|th))(?![^\W_])
    |(?P<number>[0-9]+)
    |(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)
    |(?P<other>\S)""",
    re.VERBOSE | re.IGNORECASE,
)


class Token(NamedTuple):
    """A word or number: what it is, its text in small letters, its place, whether it touches the one before."""

    kind: str
    text: str
    start: int
    end: int
    glued: bool


@dataclass(frozen=True, slots=True)
class Words:
    """The tokens of a text, the local time and time zone in which it was said, and how numbers make a date there."""

    text: str
    tokens: list[Token]
    now: dt.datetime
    zone: str
    order: NumericOrder | None

    @property
    def today(self) -> dt.date:
        return self.now.date()

    def word(self, i: int) -> str:
        """The token in small letters; empty beyond the ends."""
        return self.tokens[i].text if 0 <= i < len(self.tokens) else ""

    def kind(self, i: int) -> str:
        return self.tokens[i].kind if 0 <= i < len(self.tokens) else ""

    def is_glued(self, i: int) -> bool:
        """Whether no space separates the token from the one before."""
        return 0 <= i < len(self.tokens) and self.tokens[i].glued

    def is_capital(self, i: int) -> bool:
        """Whether the token is written as a name is: "Friday", but not "friday" or "FRIDAY"."""
        return (
            0 <= i < len(self.tokens)
            and self.text[self.tokens[i].start : self.tokens[i].end].replace("’", "").istitle()
        )

    def skip(self, i: int, words: Container[str]) -> int:
        """The index after the token if it is one of the words."""
        return i + 1 if self.word(i) in words else i

    def read(self, i: int, *words: str) -> int:
        """The index after this sequence of words, or 0 if others stand there."""
        for n, word in enumerate(words):
            if self.word(i + n) != word:
                return 0
        return i + len(words)


def split_words(text: str, now: dt.datetime, zone: str, order: NumericOrder | None) -> Words:
    """`now` is the local time."""
    tokens: list[Token] = []
    end = -1
    for m in _TOKEN.finditer(text, 0, MAX_CHARACTERS):
        start = m.start()
        tokens.append(Token(m.lastgroup or "", m[0].lower().replace("’", "'"), start, m.end(), start == end))
        end = m.end()
    return Words(text, tokens, now, zone, order)

# search/search_terms.py -- what is looked for: words and "quoted phrases", all of which have to be there.
import re
from dataclasses import dataclass

from errors import Invalid
from models.search.search_entry import PUNCTUATION
from storage.text_search import search_parameters

MAX_TERMS = 8
# Of terms that are all shorter, so many messages have one that only the newest are looked at.
LOOKED_UP_CHARACTERS = 3
BETWEEN_WORDS = str.maketrans(dict.fromkeys(PUNCTUATION + "|", " "))
TERM = re.compile(r'"([^"]*)"|([^\s"]+)')


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """The pieces of text that are looked for, in any case."""

    terms: tuple[str, ...]

    @property
    def is_short(self) -> bool:
        return all(len(term) < LOOKED_UP_CHARACTERS for term in self.terms)


def parse_terms(q: str) -> SearchTerms:
    """The terms of what a person has typed; Invalid where there are none or too many.

    A quotation mark that is not closed means nothing.
    """
    found = [(phrase or word).strip() for phrase, word in TERM.findall(q)]
    terms = tuple(dict.fromkeys(term for term in found if term))
    if not terms:
        raise Invalid("There is nothing to look for.", ("query", "q"))
    if len(terms) > MAX_TERMS:
        raise Invalid(f"At most {MAX_TERMS} words and phrases are looked for.", ("query", "q"))
    return SearchTerms(terms)


def bind_terms(query: SearchTerms) -> dict[str, object]:
    """The values of the terms in a statement that has a condition `text_contains` for each."""
    values: dict[str, object] = {}
    for position, term in enumerate(query.terms):
        values |= search_parameters(term, f"term_{position}")
    return values


def list_words(terms: tuple[str, ...]) -> str:
    """What `has_words` looks for: words that begin so, of short ones the words themselves. Empty without a word.

    In quotation marks, of which no word has one, every character means itself.
    """
    words = dict.fromkeys(" ".join(terms).translate(BETWEEN_WORDS).split())
    return " & ".join(f"'@{word}'{':*' if len(word) >= LOOKED_UP_CHARACTERS else ''}" for word in words)

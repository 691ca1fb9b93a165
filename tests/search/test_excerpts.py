# test_excerpts.py -- an excerpt is a piece of the text itself, and what is marked in it is what was looked for.
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import Invalid
from search.excerpts import EXCERPT_CHARACTERS, make_excerpt
from search.search_terms import list_words, parse_terms

pytestmark = pytest.mark.engines("sqlite")
TERMS = st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=8).map(tuple)


def marked(text: str, *terms: str) -> list[str]:
    return [part.text for part in make_excerpt(text, terms) if part.marked]


@given(st.text(max_size=600), TERMS)
def test_the_parts_of_an_excerpt_are_the_text_around_the_first_place(
    text: str, terms: tuple[str, ...]
) -> None:
    parts = make_excerpt(text, terms)
    shown = "".join(part.text for part in parts)
    assert len(shown) <= EXCERPT_CHARACTERS + len("……")
    assert shown.removeprefix("…").removesuffix("…") in text or shown in text
    assert all(part.text for part in parts)
    # Neighbours differ, but for the dots at the ends.
    inner = [part.marked for part in parts if part.text != "…"]
    assert all(one != other for one, other in pairwise(inner))


def test_marks_are_found_in_any_case_and_join_where_they_touch() -> None:
    assert marked("An ÄPFEL and äpfel", "äpfel") == ["ÄPFEL", "äpfel"]
    assert marked("\u0130stanbul", "istan") == ["\u0130stan"]
    assert marked("ΣΊΣΥΦΟΣ", "φος") == ["ΦΟΣ"]
    assert marked("abcdef", "abc", "cde") == ["abcde"]
    assert marked("nothing", "else") == []


def test_a_long_text_is_cut_around_the_first_place() -> None:
    parts = make_excerpt("x" * 5_000 + " needle " + "y" * 5_000, ("needle",))
    assert [part.text for part in parts if part.marked] == ["needle"]
    assert (parts[0].text, parts[-1].text) == ("…", "…")
    long_term = "z" * 200
    assert marked("x" * 500 + long_term, long_term) == [long_term]


@pytest.mark.parametrize(
    ("q", "terms"),
    [
        ("milk", ("milk",)),
        ("  buy   milk\tnow ", ("buy", "milk", "now")),
        ('"buy milk" now', ("buy milk", "now")),
        ('say"so"now', ("say", "so", "now")),
        ('"open end', ("open", "end")),
        ('a "" b', ("a", "b")),
        ("milk milk", ("milk",)),
    ],
)
def test_a_query_is_words_and_quoted_phrases(q: str, terms: tuple[str, ...]) -> None:
    assert parse_terms(q).terms == terms


@pytest.mark.parametrize("q", ["", " ", '"', '""', '" "', "a b c d e f g h i"])
def test_a_query_without_terms_or_with_too_many_is_refused(q: str) -> None:
    with pytest.raises(Invalid):
        parse_terms(q)


def test_only_queries_of_short_terms_alone_are_short() -> None:
    assert [parse_terms(q).is_short for q in ("a", "ab cd", "abc", "ab cde")] == [True, True, False, False]


def test_no_character_of_a_query_language_is_left_in_the_words() -> None:
    assert list_words(("a&b|c!(d):*<->@'e\\", "milk")) == "'@a' & '@b' & '@c' & '@d' & '@e' & '@milk':*"
    assert list_words((":-)", "***")) == ""

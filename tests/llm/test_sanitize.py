# test_sanitize.py -- text of models and programs is made fit to be stored, and good text stays as it is.
import pytest

from llm.sanitize import sanitize, sanitize_opaque


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Buy milk", "Buy milk"),
        ("Молоко и 🥖", "Молоко и 🥖"),
        ("", ""),
        ("a\0b", "a\ufffdb"),
        ("é\0b", "é\ufffdb"),
        ("a\ud800b", "a\ufffdb"),
        ("a\ude00\ud83d", "a\ufffd\ufffd"),
        ("\ud83e\udd56", "🥖"),
    ],
)
def test_what_no_database_stores_is_replaced_and_halves_of_a_character_are_joined(
    text: str, clean: str
) -> None:
    assert sanitize({text: [text, 1, None]}) == {clean: [clean, 1, None]}


def test_what_a_provider_wants_back_is_left_out_where_it_cannot_be_stored() -> None:
    nested: object = []
    for _ in range(10_000):
        nested = [nested]
    assert sanitize_opaque({"signature": "a\0b"}) == {"signature": "a\ufffdb"}
    assert [sanitize_opaque(value) for value in ({}, {"deep": nested}, {"nan": float("nan")})] == [None] * 3

# test_pieces.py -- a document is taken apart in the same way however its bytes arrive, and what is no JSON is refused.
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imports.pieces import ITEM, MAX_PIECE, End, MalformedJson, Path, Piece, PieceReader, parse_piece

OPENED: frozenset[Path] = frozenset({(), (ITEM,), (ITEM, "open")})
leaves = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)
items = leaves | st.dictionaries(st.text() | st.just("open"), values, max_size=5)


def take_apart(text: bytes, size: int) -> list[tuple[Path, Any]]:
    """What is found if `size` bytes come at a time; an end is `...`."""
    reader = PieceReader(OPENED)
    found = []
    for start in range(0, len(text), size):
        for event in reader.feed(text[start : start + size]):
            assert isinstance(event, End) or event.text is not None
            found.append((event.path, ... if isinstance(event, End) else parse_piece(event.text or b"")))
    reader.finish()
    return found


def list_expected(value: Any, path: Path = ()) -> list[tuple[Path, Any]]:
    if path not in OPENED or not isinstance(value, (dict, list)):
        return [(path, value)]
    members = value.items() if isinstance(value, dict) else ((ITEM, item) for item in value)
    return [*(found for name, item in members for found in list_expected(item, (*path, name))), (path, ...)]


@given(st.lists(items, max_size=4), st.integers(1, 40), st.booleans(), st.sampled_from([None, 1]))
@settings(max_examples=150, deadline=None)
def test_any_document_comes_apart_as_json_reads_it(
    document: list[Any], size: int, is_ascii: bool, indent: int | None
) -> None:
    text = json.dumps(document, ensure_ascii=is_ascii, indent=indent).encode("utf-8", "surrogatepass")
    if b"\xed" in text:  # half of a surrogate pair, which is no UTF-8
        return
    assert take_apart(text, size) == list_expected(document)


BROKEN = (
    b" ", b"[", b"[1", b"[1,", b"[,]", b"[1,,2]", b"[1 2]", b"[1}", b"[]]", b"[] 7", b"{}}", b"]", b":", b"[1:2]",
    b'[{"a" 1}]', b'[{"a":1,}]', b'[{"a":}]', b"[{a:1}]", b"[{1:2}]", b'[{"a":1 "b":2}]', b'[{"a', b'["a]', b"[{]",
    b'[{"\\x":1}]', b'[{"a":[1}]',
)  # fmt: skip


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_json_is_refused_however_it_arrives(text: bytes) -> None:
    for size in (1, 2, 1_000):
        with pytest.raises((MalformedJson, ValueError)):
            take_apart(text, size)


@pytest.mark.parametrize("long", [b'"' + b"x" * 10 + b'"', b"[" + b"7," * 5 + b"7]", b"1" * 10])
def test_a_value_that_is_too_long_is_left_out_and_the_next_one_comes(long: bytes) -> None:
    reader = PieceReader(OPENED)
    events = list(reader.feed(b'[{"x":'))
    most = MAX_PIECE // 10 + 2
    body = {
        b'"': b'"' + b'x\\"]' * most * 3 + b'"',
        b"[": b"[" + b'"]",' * most * 3 + b"7]",
        b"1": b"1" * 11 * most,
    }
    text = body[long[:1]]
    for start in range(0, len(text), 65_536):
        events += reader.feed(text[start : start + 65_536])
        assert sum(map(len, reader._gathered.parts if reader._gathered else [])) <= MAX_PIECE
    events += reader.feed(b', "y": 2}]')
    assert events == [Piece((ITEM, "x"), None), Piece((ITEM, "y"), b"2"), End((ITEM,)), End(())]

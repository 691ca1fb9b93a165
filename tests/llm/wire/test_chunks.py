# test_chunks.py -- the JSON in the bytes of an answer, however they are laid out.
import pytest

from llm.openai_wire.sse import ChunkParser, Unreadable

STREAMS = {
    "events": b'data: {"n": 1}\n\ndata: {"n": 2}\n\ndata: [DONE]\n\n',
    "CRLF": b'data: {"n": 1}\r\n\r\ndata: {"n": 2}\r\n\r\ndata: [DONE]\r\n\r\n',
    "CR": b'data: {"n": 1}\r\rdata: {"n": 2}\r\rdata: [DONE]\r\r',
    "no blank lines": b'data: {"n": 1}\ndata: {"n": 2}\ndata: [DONE]\n',
    "no space": b'data:{"n": 1}\n\ndata:{"n": 2}\n\ndata:[DONE]\n\n',
    "comments and fields": b': hi\n\nevent: x\nid: 1\ndata: {"n": 1}\n\n:\n\nretry: 5\ndata: {"n": 2}\n\n',
    "an event in lines": b'data: {"n":\ndata: 1}\n\ndata: {\ndata: "n": 2}\n\ndata: [DONE]\n\n',
    "no end of the last line": b'data: {"n": 1}\n\ndata: {"n": 2}',
    "lines of JSON": b'{"n": 1}\n{"n": 2}\n',
    "a byte order mark": b'\xef\xbb\xbf{"n": 1}\n{"n": 2}\n',
    "something after the end": b'data: {"n": 1}\n\ndata: {"n": 2}\n\ndata: [DONE]\n\ndata: {"n": 3}\n\n',
}


def read(data: bytes, size: int, most: int = 1000) -> list[object]:
    parser = ChunkParser(most)
    found = [value for start in range(0, len(data), size) for value in parser.add(data[start : start + size])]
    return [*found, *parser.close()]


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize("data", STREAMS.values(), ids=STREAMS)
def test_values_are_found_in_any_layout_and_cut(data: bytes, size: int) -> None:
    assert read(data, size) == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_document_in_place_of_a_stream_is_read_whole(size: int) -> None:
    assert read(b'\n{\n "choices": [\n  {"index": 0}\n ]\n}\n', size) == [{"choices": [{"index": 0}]}]


def test_halves_of_a_character_pair_are_read() -> None:
    assert read(b'data: {"t": "\\ud83d"}\n\n', 100) == [{"t": "\ud83d"}]


@pytest.mark.parametrize(
    "data", [b"data: {\n\n", b"data: <html>\n\n", b"<html></html>\n", b"{]", b'data: {"t": "\xff"}\n\n']
)
def test_what_is_no_json_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        read(data, 1000)


@pytest.mark.parametrize(
    "data", [b"data: " + b"x" * 2000, b"data: [\n" + b"data: 1,\n" * 500, b"{\n" + b'"a": 1,\n' * 300]
)
def test_lines_and_events_have_a_largest_size(data: bytes) -> None:
    with pytest.raises(Unreadable, match="more than 1000 bytes"):
        read(data, 100)

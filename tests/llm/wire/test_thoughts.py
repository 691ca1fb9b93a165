# test_thoughts.py -- what stands in tags of thinking is left out, in any cut; what speaks of the tags is not.
import pytest

from llm.openai_wire.thoughts import ThoughtFilter, UntaggedThoughts

CASES = {
    "<think>They greet me.</think>\n\nHello.": "Hello.",
    "<think>\nThey greet me.\n</think>\nHello.": "Hello.",
    "\n<think>\n\n</think>\n\nHello.": "\nHello.",
    "<THINKING>Hm.</THINKING>Hello.": "Hello.",
    "</think>\n\nHello.": "Hello.",
    "One.\n<think>Hm.</think>\nTwo.": "One.\nTwo.",
    "<think>a</think><think>b</think>Hello.": "Hello.",
    "<think>never closed": "",
    "Write `<think>` and `</think>` around it.": "Write `<think>` and `</think>` around it.",
    "The tag <think> opens.": "The tag <think> opens.",
    "1 < 2, <b>bold</b>, </thi": "1 < 2, <b>bold</b>, </thi",
    "a <thinker> b": "a <thinker> b",
    "": "",
}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("text", CASES)
def test_thoughts_are_left_out_in_any_cut(text: str, size: int) -> None:
    thoughts = ThoughtFilter()
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    assert "".join(map(thoughts.add, pieces)) + thoughts.add("", final=True) == CASES[text]


def test_text_is_not_held_back() -> None:
    thoughts = ThoughtFilter()
    assert [thoughts.add(piece) for piece in ("Hello", " <", "b>")] == ["Hello", " ", "<b>"]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_thoughts_that_nothing_opened_are_noticed_where_they_end(size: int) -> None:
    text = "They greet me.</think>\n\nHello."
    thoughts = ThoughtFilter()
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    with pytest.raises(UntaggedThoughts):
        list(map(thoughts.add, pieces))


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize(
    ("text", "shown"),
    [("They greet me.</think>\n\nHello.", "Hello."), ("Hello, as text.", "Hello, as text.")],
)
def test_a_model_known_to_begin_with_thoughts_is_read_so(text: str, shown: str, size: int) -> None:
    thoughts = ThoughtFilter(starts_inside=True)
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    assert "".join(map(thoughts.add, pieces)) + thoughts.add("", final=True) == shown

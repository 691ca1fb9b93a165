# test_decisions.py -- the index of the decisions names each of them, and each keeps to the form.
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "specs" / "decisions"
DECISIONS = sorted(FOLDER.glob("[0-9]*.md"))
PARTS = ["**Context.**", "**Choice.**", "**What it costs.**", "**When to change it.**"]
MAX_WORDS = 350  # about one screen


def test_the_index_names_every_decision_by_its_title() -> None:
    rows = re.findall(r"^\| \[(\d+)\]\((.+?)\) \| (.+?) \|", (FOLDER / "README.md").read_text(), re.MULTILINE)
    titles = [path.read_text().partition("\n")[0].removeprefix("# ").split(" ", 1) for path in DECISIONS]
    expected = [(number, path.name, title) for path, (number, title) in zip(DECISIONS, titles, strict=True)]
    assert rows == expected


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem[:3])
def test_a_decision_has_the_form_and_about_one_screen(path: Path) -> None:
    text = path.read_text()
    places = [text.find(part) for part in PARTS]
    assert -1 not in places, f"{path.name} lacks one of {PARTS}"
    assert places == sorted(places)
    assert len(text.split()) <= MAX_WORDS

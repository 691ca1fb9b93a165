# test_env_example.py -- the file that describes every setting is held against the code.
import re
from pathlib import Path

import pytest

from settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
NAMES = {name.upper() for name in Settings.model_fields}
pytestmark = pytest.mark.usefixtures("nothing_from_outside")


def read_env_example() -> dict[str, str]:
    """The settings in .env.example, each with its comment: `# words` above `NAME=default` or `# NAME=`."""
    found: dict[str, str] = {}
    comment: list[str] = []
    for line in (ROOT / ".env.example").read_text().splitlines():
        setting = re.fullmatch(r"(?:# ?)?([A-Z][A-Z0-9_]*)=(.*)", line)
        if setting:
            assert setting[1] not in found, f"{setting[1]} stands there twice"
            found[setting[1]] = " ".join(comment)
            comment = []
        elif line.startswith("#"):
            comment.append(line.lstrip("# "))
        else:
            assert line == "", f"neither comment nor setting: {line}"
            comment = []
    return found


def test_the_example_file_describes_every_setting_and_nothing_else() -> None:
    assert (settings := read_env_example()).keys() == NAMES
    assert [name for name, words in settings.items() if len(words) < 15] == []


def test_the_example_file_works_as_it_is_and_says_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Settings.model_config, "env_file", ROOT / ".env.example")
    written = load_settings().model_dump()
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    plain = load_settings().model_dump()
    assert {name: value for name, value in written.items() if name != "database_url"} == {
        name: value for name, value in plain.items() if name != "database_url"
    }

# test_draft_reader.py -- what a task means that is typed in one line: its title, date, priority and list.
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from llm.offline.draft_reader import DraftReader
from support.processor_time import cost

READER = DraftReader(datetime(2026, 6, 3, 16, tzinfo=UTC), ZoneInfo("America/New_York"))  # a Wednesday
AT_NINE = "2026-06-04T09:00:00"


@pytest.mark.parametrize(
    ("line", "title", "rest"),
    [
        ("call the bank tomorrow at 9am !high #home", "call the bank",
         {"due_at": AT_NINE, "priority": "high", "list": "home"}),
        ("#home !3 Call the bank", "Call the bank", {"priority": "low", "list": "home"}),
        ("pay #\"House stuff\" rent on 5 June", "pay rent", {"due_on": "2026-06-05", "list": "House stuff"}),
        ("water plants every Monday at 8am", "water plants",
         {"due_at": "2026-06-08T08:00:00", "repeats": "FREQ=WEEKLY;BYDAY=MO"}),
        ("meeting 3-5pm tomorrow", "meeting", {"due_at": "2026-06-04T15:00:00", "description": "3-5pm tomorrow"}),
        ("Bank anrufen morgen um 9 Uhr !hoch #Büro", "Bank anrufen",
         {"due_at": AT_NINE, "priority": "high", "list": "Büro"}),
        ("appeler la banque demain à 9h #maison", "appeler la banque", {"due_at": AT_NINE, "list": "maison"}),
        ("llamar al banco mañana a las 9 !alta", "llamar al banco", {"due_at": AT_NINE, "priority": "high"}),
        ("go to gym !high !low #a #b", "go to gym !high #a", {"priority": "low", "list": "b"}),
        ("  two \t spaces\n", "two spaces", {}),
        # Nothing is read into these, and nothing of them is lost.
        ("Ask: why?", "Ask: why?", {}),
        ("fix bug #12 in C# and F#!", "fix bug #12 in C# and F#!", {}),
        ("wow!high a#b !whatever", "wow!high a#b !whatever", {}),
        ("Read “Monday”", "Read “Monday”", {}),
        ("call Will", "call Will", {}),
        ("tomorrow", "tomorrow", {}),
        ("#home !high", "#home !high", {}),
        ("", "", {}),
    ],
)  # fmt: skip
def test_a_line_says_these_things(line: str, title: str, rest: dict[str, str]) -> None:
    draft = READER.read_line(line).model_dump(mode="json", exclude_none=True)
    words = draft.pop("words")
    assert draft == {"title": title, "priority": "none", **rest}
    assert {word["says"] for word in words} == {
        {"due_on": "due", "due_at": "due"}.get(name, name)
        for name in rest
        if name not in ("repeats", "description")
    }
    assert all(word["text"] in " ".join(line.split()) for word in words)


def test_the_language_of_the_profile_decides_where_the_words_do_not() -> None:
    german = DraftReader(READER.now, READER.zone, "de-AT")
    assert str(german.read_line("Zahnarzt 4.6.").due_on) == "2026-06-04"
    assert READER.read_line("Zahnarzt 4.6.").due_on is None


@pytest.mark.busy
@pytest.mark.parametrize(
    "piece", ["monday ", "in 2 ", "1/1 ", "#a", "a-", "#a-", "!a ", "next monday at 5pm and ", "morgen um "]
)
def test_what_a_line_costs_grows_with_its_length_alone(piece: str) -> None:
    def read(length: int) -> None:
        READER.read_line((piece * length)[:length])

    assert cost(lambda: read(500)) < 12 * cost(lambda: read(125)) + 0.002

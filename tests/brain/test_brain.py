# test_brain.py -- the scorer of `make brain` sees what is right and what is wrong.
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from brain.due_formulas import read_formula
from brain.score import main
from brain.sentences import read_own_sentences
from brain.verdicts import judge_answer, judge_titles

WEDNESDAY = dt.datetime(2026, 11, 25, 10, 0)


def line(text: str, action: str, **fields: Any) -> dict[str, Any]:
    plain = {"language": "en", "group": "tasks", "expected_title": None, "expected_date": None}
    return {"text": text, "expected_action": action, **plain, "setup": [], "source": "a test", **fields}


RIGHT = [
    line("add buy eggs tomorrow at 5pm", "add", expected_title=["buy eggs"], expected_date="+1d@17:00"),
    line("what is on my list?", "list", setup=["Buy milk"]),
    line("delete it", "ask|not found|list", setup=["Buy milk", "Call mom"]),
    line(
        "Lösche die Milch", "delete", language="de", setup=["Milch kaufen"], expected_title=["Milch kaufen"]
    ),
    line("what is the weather?", "none", group="other", setup=["Buy milk"]),
]
# In each, one thing is not what was expected: the action, the title, the date, the quiet.
WRONG = [
    line("add buy eggs", "list"),
    line("add buy eggs", "add", expected_title=["buy bread"]),
    line("add buy eggs tomorrow", "add", expected_title=["buy eggs"], expected_date="+2d"),
    line("add buy eggs", "none", group="other"),
    line("add buy eggs", "none", group="other", could_be_a_task=True),
    line("complete buy milk", "none", group="other", setup=["Buy milk"]),
]


def test_the_table_counts_right_and_wrong_sentences_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, failures = tmp_path / "sentences.jsonl", tmp_path / "failures.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in [*RIGHT, *WRONG]))
    main([str(file), "--failures", str(failures)])
    rows = [" ".join(row.split()) for row in capsys.readouterr().out.splitlines()]
    assert "a test 7 6 = 85.7 % 4 = 57.1 % 1 = 14.3 %" in rows
    assert "a test 4 2 of 3 = 66.67 % 1 of 1 1" in rows
    assert "a test 2 1 = 50.0 % 1 = 50.0 % 0 = 0.0 % 0 - -" in rows
    assert "de 1 1 = 100.0 % 1 = 100.0 % 0 = 0.0 %" in rows
    assert rows.count("tasks 7 6 = 85.7 % 4 = 57.1 % 1 = 14.3 %") == 1
    assert rows[-1].startswith("processor of the model for a sentence: median ")
    failed = [json.loads(row) for row in failures.read_text().splitlines()]
    assert [row["line"] for row in failed] == [6, 8, 10]


@pytest.mark.parametrize(
    ("formula", "days", "time"),
    [
        ("+3d", ["2026-11-28"], None),
        ("+2m@08:00", ["2027-01-25"], "08:00"),
        ("+90min", ["2026-11-25"], "11:30"),
        ("+20h", ["2026-11-26"], "06:00"),
        ("wd:wed", ["2026-12-02"], None),
        ("wd0:wed", ["2026-11-25"], None),
        ("wd:wed@17:00", ["2026-11-25", "2026-12-02"], "17:00"),
        ("nwd:fri", ["2026-12-04"], None),
        ("wd:fri+2", ["2026-11-29"], None),
        ("md:11-24", ["2027-11-24"], None),
        ("md:02-29", ["2028-02-29"], None),
        ("ymd:2030-10-31", ["2030-10-31"], None),
        ("dom:25", ["2026-11-25"], None),
        ("dom:31", ["2026-12-31"], None),
        ("domn:4", ["2026-12-04"], None),
        ("nth:2:fri:05", ["2027-05-14"], None),
        ("nth:4:thu:11+1", ["2026-11-27"], None),
        ("nthn:1:mon", ["2026-12-07"], None),
        ("last:mon:05", ["2027-05-31"], None),
        ("easter+1", ["2027-03-29"], None),
        ("eom", ["2026-11-30"], None),
        ("eoy", ["2026-12-31"], None),
        ("som:1", ["2027-01-01"], None),
        ("we", ["2026-11-28", "2026-11-29"], None),
        ("week+1", [f"2026-{day}" for day in ("11-30", *(f"12-0{n}" for n in range(1, 7)))], None),
        ("clock@09:00", ["2026-11-26"], "09:00"),
        ("clock@11:00", ["2026-11-25"], "11:00"),
    ],
)
def test_a_formula_means_these_days(formula: str, days: list[str], time: str | None) -> None:
    [option] = read_formula(formula, WEDNESDAY)
    assert option == ({dt.date.fromisoformat(day) for day in days}, time)


def test_a_formula_may_mean_one_of_several_or_no_day_and_is_refused_where_it_is_none() -> None:
    assert [time for _, time in read_formula("clock@05:00|clock@17:00", WEDNESDAY)] == ["05:00", "17:00"]
    assert read_formula("none", WEDNESDAY) == read_formula("rec", WEDNESDAY) == []
    [month] = read_formula("month+1", WEDNESDAY)
    assert (len(month.days), min(month.days)) == (31, dt.date(2026, 12, 1))
    with pytest.raises(ValueError, match="no formula"):
        read_formula("soon", WEDNESDAY)


@pytest.mark.parametrize(
    ("titles", "verdict"),
    [
        (["Buy the milk"], "exact"),
        (["Buy milk today please"], "near"),
        (["Buy milk", "Call mom"], "near"),
        (["Buy oat milk and eggs now"], "wrong"),
        ([], "wrong"),
    ],
)
def test_a_title_is_held_against_the_expected_one_without_articles(titles: list[str], verdict: str) -> None:
    assert judge_titles(["buy milk"], titles) == verdict


def call(name: str, result: dict[str, Any] | None = None, error: str | None = None, **arguments: Any) -> Any:
    return {"name": name, "arguments": arguments, "result": result, "error": error}


@pytest.mark.parametrize(
    ("calls", "answer", "action"),
    [
        ([call("list_tasks", {"tasks": []})], "You have no open tasks.", "list"),
        ([call("list_tasks", {"tasks": []})], "Ich habe keine offene Aufgabe wie „x“ gefunden.", "not found"),
        ([], "What would you like to add?", "ask"),
        ([], "For example:\n- what's left?", "none"),
        ([call("complete_task", {}, task_id="1", completed=False)], "Open again.", "reopen"),
        ([call("add_task", {"title": "a"}), call("delete_task", {"title": "b"})], "Done.", "add+delete"),
        ([call("add_task", None, "It was refused.")], "I could not add it.", "none"),
    ],
)
def test_an_action_is_what_was_done_or_else_what_was_said(calls: list[Any], answer: str, action: str) -> None:
    assert judge_answer(line("x", action), calls, answer, WEDNESDAY).action == action


@pytest.mark.parametrize(
    ("formula", "task", "verdict"),
    [
        ("+1d@17:00", {"due_at": "2026-11-26T17:01:00Z"}, "right"),
        ("+1d@17:00", {"due_at": "2026-11-26T16:00:00Z"}, "wrong time"),
        ("+1d", {"due_on": "2026-11-27"}, "wrong day"),
        ("+0d@night", {"due_on": "2026-11-25", "description": "In the evening"}, "right"),
        # A part of the day is any hour that it allows.
        ("+1d@morning", {"due_at": "2026-11-26T09:00:00Z"}, "right"),
        ("+1d@morning", {"due_at": "2026-11-26T15:00:00Z"}, "wrong time"),
        ("+1d@afternoon", {"due_at": "2026-11-26T15:00:00Z"}, "right"),
        ("+1d@evening", {"due_at": "2026-11-26T19:00:00Z"}, "right"),
        ("+0d@night", {"due_at": "2026-11-25T21:00:00Z"}, "right"),
        ("+1d@night", {"due_at": "2026-11-26T02:00:00Z"}, "right"),
        ("+1d@night", {"due_at": "2026-11-26T09:00:00Z"}, "wrong time"),
        ("+1d", {}, "missed"),
        ("none", {}, "right"),
        ("none", {"due_on": "2026-11-27"}, "spurious"),
        ("rec", {"due_on": "2026-11-27", "repeats": "FREQ=DAILY"}, "rule"),
        ("rec", {"due_on": "2026-11-27"}, "one-off"),
        ("rec", {}, "kept"),
    ],
)
def test_a_date_is_held_against_the_formula(formula: str, task: dict[str, Any], verdict: str) -> None:
    sentence = line("x", "add", expected_date=formula)
    added = call("add_task", {"title": "x", **task})
    assert judge_answer(sentence, [added], "", WEDNESDAY).date == verdict


def test_our_own_sentences_have_what_a_file_has() -> None:
    sentences = read_own_sentences()
    assert len(sentences) > 500
    assert {sentence.language for sentence in sentences} == {"en", "de", "fr", "es"}
    assert {sentence.group for sentence in sentences} == {"tasks", "date", "other"}
    assert (
        sum(bool(sentence.expected_date and sentence.expected_date != "rec") for sentence in sentences) > 10
    )

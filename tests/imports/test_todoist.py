# test_todoist.py -- the tasks of a Todoist project.
from typing import Any

import pytest

from support.servers import Person
from support.transfers.files import todoist_file
from support.transfers.imports import counts_of, import_file, left_out

pytestmark = pytest.mark.engines("sqlite")


def tasks_of(person: Person) -> dict[str, Any]:
    """By their titles, the first row first."""
    return {each["title"]: each for each in reversed(person.get("/v1/tasks", limit=200)["data"])}


def test_tasks_come_in_their_order_with_what_is_said_of_them(ann: Person) -> None:
    rows = [
        {"CONTENT": "Buy milk", "DESCRIPTION": 'Say "2 litres",\nnot one'},
        {"TYPE": "note", "CONTENT": "From the farm"},
        {},
        {"CONTENT": "Call mom"},
    ]
    report = import_file(ann, todoist_file(*rows))
    assert report["format"] == "todoist"
    assert counts_of(report) == ([2, 0, 0], [0, 0, 0])
    assert report["left_out"] == []
    tasks = tasks_of(ann)
    assert list(tasks) == ["Buy milk", "Call mom"]
    assert tasks["Buy milk"]["description"] == 'Say "2 litres",\nnot one\nFrom the farm'
    assert (tasks["Call mom"]["description"], tasks["Call mom"]["completed"]) == (None, False)


@pytest.mark.also_on_mariadb
def test_the_same_file_twice_makes_nothing_new_though_its_rows_have_no_ids(ann: Person) -> None:
    file = todoist_file({"CONTENT": "Stretch"}, {"CONTENT": "Stretch"}, {"CONTENT": "Rest"})
    assert counts_of(import_file(ann, file))[0] == [3, 0, 0]
    assert counts_of(import_file(ann, file)) == ([0, 0, 0], [3, 0, 0])
    assert len(ann.get("/v1/tasks")["data"]) == 3


def test_tasks_below_a_task_name_it(ann: Person) -> None:
    rows = [
        {"TYPE": "section", "CONTENT": "House"},
        {"CONTENT": "Paint the hall"},
        {"CONTENT": "Buy paint", "INDENT": "2"},
        {"CONTENT": "White", "INDENT": "3"},
        {"CONTENT": "Wash up", "INDENT": "x"},
    ]
    report = import_file(ann, todoist_file(*rows))
    tasks = tasks_of(ann)
    assert tasks["Buy paint"]["description"] == "Part of: Paint the hall"
    assert tasks["White"]["description"] == "Part of: Buy paint"
    assert tasks["Wash up"]["description"] is None
    assert left_out(report) == {"levels of tasks": 2}


@pytest.mark.also_on_mariadb
def test_dates_priorities_and_sections_are_those_of_the_tasks(ann: Person) -> None:
    zone = {"TIMEZONE": "America/New_York"}
    rows = [
        {"CONTENT": "Pay", "DATE": "2030-01-31", "PRIORITY": "1", **zone},
        {"TYPE": "section", "CONTENT": "  Errands "},
        {"CONTENT": "Meet", "DATE": "2030-07-01 14:30", "PRIORITY": "2", **zone},
        {"CONTENT": "Call", "DATE": "2030-07-01T14:30:00Z", "PRIORITY": "3", "TIMEZONE": "Moon/Base"},
        {"CONTENT": "Ship", "DEADLINE": "2030-12-24", "PRIORITY": "9"},
    ]
    report = import_file(ann, todoist_file(*rows))
    assert report["left_out"] == []
    fields = ("due_on", "due_at", "due_timezone", "priority", "list", "description")
    found = {title: tuple(task[name] for name in fields) for title, task in tasks_of(ann).items()}
    assert found == {
        "Pay": ("2030-01-31", None, "America/New_York", "high", None, None),
        "Meet": (None, "2030-07-01T18:30:00.000000Z", "America/New_York", "medium", "Errands", None),
        "Call": (None, "2030-07-01T14:30:00.000000Z", "UTC", "low", "Errands", None),
        "Ship": ("2030-12-24", None, "UTC", "none", "Errands", None),
    }
    assert [task["title"] for task in ann.get("/v1/tasks", sort="position")["data"]] == list(found)


def test_dates_in_words_are_never_another_day(ann: Person) -> None:
    rows = [
        {"CONTENT": "Water", "DATE": "next tuesday"},
        {"CONTENT": "Never", "DATE": "2030-02-30"},
        {
            "CONTENT": "Both",
            "DATE": "2030-01-31",
            "DEADLINE": "2030-02-28",
            "RESPONSIBLE": "Bo",
            "DURATION": "30",
        },
    ]
    report = import_file(ann, todoist_file(*rows))
    tasks = tasks_of(ann)
    assert (tasks["Water"]["due_on"], tasks["Water"]["description"]) == (None, "Due next tuesday")
    assert (tasks["Both"]["due_on"], tasks["Both"]["description"]) == ("2030-01-31", "Deadline 2030-02-28")
    assert (tasks["Never"]["due_on"], tasks["Never"]["description"]) == (None, "Due 2030-02-30")
    assert left_out(report) == {"dates": 3, "people who are responsible": 1, "durations": 1}


def test_what_is_no_task_is_told_of(ann: Person) -> None:
    rows = [
        {"TYPE": "meta", "CONTENT": "view_style=list"},
        {"TYPE": "dance", "CONTENT": "Tango"},
        {"CONTENT": " "},
        {"CONTENT": "x" * 300},
        {"TYPE": "note", "CONTENT": 'Look [[file {"file_name": "a.png"}]]'},
        {"CONTENT": "Long", "DESCRIPTION": "y" * 11_000},
    ]
    report = import_file(ann, todoist_file(*rows))
    assert left_out(report) == {"rows": 1, "tasks": 1, "files": 1, "ends of descriptions": 1}
    cut, long = tasks_of(ann).values()
    assert cut["title"] == "x" * 254 + "…"
    assert cut["description"] == "x" * 300 + "\nLook"
    assert len(long["description"]) == 10_000


def test_rows_that_are_broken_are_told_of_and_the_others_come(ann: Person) -> None:
    head, row = todoist_file({"CONTENT": "Call mom"}).splitlines()
    broken = [row.replace(b"Call mom", b"Caf\xe9"), row.replace(b"Call mom", b'"Call" mom')]
    report = import_file(ann, b"\r\n".join([b"\xef\xbb\xbf" + head, *broken, row]))
    assert left_out(report) == {"rows": 2}
    assert counts_of(report)[0] == [1, 0, 0]
    open_quote = import_file(ann, b"\r\n".join([head, row, row.replace(b"Call mom", b'"Call mom'), row]))
    assert counts_of(open_quote) == ([0, 0, 0], [1, 0, 0])
    assert left_out(open_quote) == {"rows": 1}
    assert list(tasks_of(ann)) == ["Call mom"]


def test_an_empty_project_has_no_tasks(ann: Person) -> None:
    assert counts_of(import_file(ann, todoist_file())) == ([0, 0, 0], [0, 0, 0])


def test_words_that_say_on_which_days_a_task_repeats_are_its_repetition(ann: Person) -> None:
    ann.patch("/v1/me", timezone="Europe/Berlin")
    rows = [
        {"CONTENT": "Water", "DATE": "every day"},
        {"CONTENT": "Bins", "DATE": "every tuesday at 10:00", "TIMEZONE": "America/New_York"},
        {"CONTENT": "Rent", "DATE": "every 1st", "DATE_LANG": ""},
        {"CONTENT": "When did it begin", "DATE": "every 2 weeks"},
        {"CONTENT": "From completion", "DATE": "every! tuesday"},
        {"CONTENT": "German", "DATE": "jeden tag", "DATE_LANG": "de"},
        {"CONTENT": "Once", "DATE": "tomorrow"},
        {"CONTENT": "Until", "DATE": "every day", "DEADLINE": "2031-03-01"},
    ]
    report = import_file(ann, todoist_file(*rows))
    tasks = tasks_of(ann)
    assert {title: task["repeats"] for title, task in tasks.items() if task["repeats"]} == {
        "Water": "FREQ=DAILY",
        "Bins": "FREQ=WEEKLY;BYDAY=TU",
        "Rent": "FREQ=MONTHLY;BYMONTHDAY=1",
        "Until": "FREQ=DAILY",
    }
    assert (tasks["Bins"]["due_timezone"], tasks["Bins"]["due_on"]) == ("America/New_York", None)
    assert tasks["Rent"]["due_on"].endswith("-01")
    assert tasks["When did it begin"]["description"] == "Due every 2 weeks"
    assert tasks["Until"]["description"] == "Deadline 2031-03-01"
    assert left_out(report) == {"dates": 5}


def test_a_comment_on_the_project_is_told_of(ann: Person) -> None:
    rows = [
        {"TYPE": "note", "CONTENT": "About the project"},
        {"TYPE": "section", "CONTENT": "House"},
        {"TYPE": "note", "CONTENT": "About the section"},
        {"CONTENT": "Paint"},
    ]
    report = import_file(ann, todoist_file(*rows))
    assert left_out(report) == {"comments": 2}
    assert tasks_of(ann)["Paint"]["description"] is None

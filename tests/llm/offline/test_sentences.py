# test_sentences.py -- what the offline model says: every sentence in every language, none written elsewhere
import ast
import datetime as dt
import importlib
import string
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from llm.offline.parsing.task_references import TaskView
from llm.offline.replies import Voice
from llm.offline.schedules.schedule import Schedule
from llm.offline.sentences import calendar, changes, lists
from llm.offline.sentences.sentence import LANGUAGES, Language, Sentence
from support.source import MODULES, parse_module


def find_sentences() -> Iterator[tuple[str, Sentence]]:
    for module in MODULES:
        if module.startswith("llm/offline/sentences/"):
            name = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            for key, value in vars(importlib.import_module(name)).items():
                values = value.items() if isinstance(value, dict) else [("", value)]
                yield from ((f"{key}[{n}]", one) for n, one in values if isinstance(one, Sentence))


NOW = dt.datetime(2026, 11, 22, 9, 43, tzinfo=dt.UTC)
SENTENCES = dict(find_sentences())


def slots_of(form: str) -> set[str]:
    return {slot for _, slot, _, _ in string.Formatter().parse(form) if slot is not None}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_has_every_language_with_the_same_slots(name: str) -> None:
    sentence = SENTENCES[name]
    assert {field.name for field in fields(sentence)} == set(LANGUAGES)
    wanted = slots_of(sentence.en.split(" | ")[-1])
    for language in LANGUAGES:
        forms = getattr(sentence, language).split(" | ")
        assert all(form.strip() for form in forms)
        assert len(forms) == len(sentence.en.split(" | "))
        assert slots_of(forms[-1]) == wanted
        for form in forms:  # "1 task" needs no count
            assert slots_of(form) | {"count"} == wanted | {"count"}


def test_there_are_sentences_and_no_two_languages_share_one() -> None:
    assert len(SENTENCES) > 80
    alike = {name for name, sentence in SENTENCES.items() if sentence.en in (sentence.de, sentence.es)}
    assert alike == set()


def test_no_reply_is_written_outside_the_catalogue() -> None:
    found = [
        f"{module}:{node.lineno}"
        for module in MODULES
        if module.startswith("llm/offline/")
        for node in ast.walk(parse_module(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Reply"
        for text in node.args[:1]
        if isinstance(text, ast.JoinedStr) or (isinstance(text, ast.Constant) and text.value)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("language", "day", "next_year"),
    [
        ("en", "Friday 4 December", "Friday 1 January 2027"),
        ("de", "Freitag, 4. Dezember", "Freitag, 1. Januar 2027"),
        ("fr", "vendredi 4 décembre", "vendredi 1 janvier 2027"),
        ("es", "viernes 4 de diciembre", "viernes 1 de enero de 2027"),
    ],
)
def test_a_day_is_written_as_the_language_writes_it(language: Language, day: str, next_year: str) -> None:
    voice = Voice(language, NOW)
    assert voice.format_day(dt.date(2026, 12, 4)) == day
    assert voice.format_day(dt.date(2027, 1, 1)) == next_year


@pytest.mark.parametrize(
    ("language", "row"),
    [
        ("en", "Milk (2 litres; due Friday 4 December, 17:00)"),
        ("de", "Milk (2 litres; fällig Freitag, 4. Dezember, 17:00)"),
        ("fr", "Milk (2 litres; échéance vendredi 4 décembre, 17:00)"),
        ("es", "Milk (2 litres; vence el viernes 4 de diciembre, 17:00)"),
    ],
)
def test_a_row_says_when_it_is_due_in_the_language(language: Language, row: str) -> None:
    schedule = Schedule(dt.date(2026, 12, 4), dt.time(17))
    task = TaskView("1", "Milk", "2 litres.", False, schedule=schedule)
    assert Voice(language, NOW).format_task(task) == row


@pytest.mark.parametrize(
    ("language", "numbers"),
    [
        ("en", ["no open tasks", "1 open task", "2 open tasks", "more than 200 open tasks"]),
        ("de", ["keine offenen Aufgaben", "1 offene Aufgabe", "2 offene Aufgaben", "mehr als 200 offene Aufgaben"]),
        ("fr", ["0 tâche à faire", "1 tâche à faire", "2 tâches à faire", "plus de 200 tâches à faire"]),
        ("es", ["0 tareas pendientes", "1 tarea pendiente", "2 tareas pendientes", "más de 200 tareas pendientes"]),
    ],
)  # fmt: skip
def test_tasks_are_counted_in_the_language(language: Language, numbers: list[str]) -> None:
    voice = Voice(language, NOW)
    counted = [voice.count_tasks(number, False, "open") for number in (0, 1, 2)]
    assert [*counted, voice.count_tasks(200, True, "open")] == numbers


def test_titles_are_quoted_and_joined_as_the_language_does() -> None:
    tasks = [TaskView(str(n), title, "", False) for n, title in enumerate(("A", "B", "C"))]
    voices: dict[Language, str] = {
        "en": "Done: “A”, “B” and “C”.",
        "de": "Erledigt: „A“, „B“ und „C“.",
        "fr": "Terminé : « A », « B » et « C ».",
        "es": "Hecho: «A», «B» y «C».",
    }
    for language, text in voices.items():
        assert Voice(language, NOW).say_titles(changes.COMPLETED, tasks) == text


def test_many_titles_have_a_line_each_and_a_question_about_them_stays_one() -> None:
    tasks = [TaskView(str(n), f"T{n}", "", False) for n in range(4)]
    voice = Voice("de", NOW)
    assert voice.say_titles(changes.COMPLETED, tasks) == "Erledigt:\n- „T0“\n- „T1“\n- „T2“\n- „T3“"
    asked = voice.ask_to_change(changes.ASK_TO_CHANGE, changes.ASK_TO_CHANGE_MANY, "löschen", tasks)
    assert asked.startswith("Soll ich diese löschen?\n- „T0“")


def test_what_people_wrote_is_never_taken_for_a_slot() -> None:
    voice = Voice("en", NOW)
    assert voice.say(lists.ABOUT, title="{count} | {title}") == " about {count} | {title}"


def test_the_calendar_has_all_days_and_months() -> None:
    names: list[dict[Any, tuple[str, ...]]] = [calendar.WEEKDAYS, calendar.MONTHS]
    for table, length in zip(names, (7, 12), strict=True):
        assert {len(set(words)) for words in table.values()} == {length}
        assert table.keys() == set(LANGUAGES)

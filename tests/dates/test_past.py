# test_past.py -- days and periods that are over: of which days they are, and what is none
import datetime as dt

import pytest

from dates.past import find_past

SUNDAY = dt.date(2026, 11, 22)
DAYS = {
    "en": {
        "what did I finish yesterday": ("2026-11-21", "2026-11-21"),
        "the day before yesterday": ("2026-11-20", "2026-11-20"),
        "three days ago": ("2026-11-19", "2026-11-19"),
        "last week": ("2026-11-09", "2026-11-15"),
        "a week ago": ("2026-11-09", "2026-11-15"),
        "since last week": ("2026-11-09", "2026-11-22"),
        "in the past 3 days": ("2026-11-19", "2026-11-22"),
        "in the last two weeks": ("2026-11-08", "2026-11-22"),
        "in the past two months": ("2026-09-22", "2026-11-22"),
        "over the last weekend": ("2026-11-14", "2026-11-15"),
        "last month": ("2026-10-01", "2026-10-31"),
        "last year": ("2025-01-01", "2025-12-31"),
        "last Sunday": ("2026-11-15", "2026-11-15"),
        "on Monday": ("2026-11-16", "2026-11-16"),
        "since Friday": ("2026-11-20", "2026-11-22"),
        "in November": ("2026-11-01", "2026-11-30"),
        "in December": ("2025-12-01", "2025-12-31"),
        "this week": ("2026-11-16", "2026-11-22"),
    },
    "de": {
        "was habe ich gestern erledigt": ("2026-11-21", "2026-11-21"),
        "letzte Woche": ("2026-11-09", "2026-11-15"),
        "vor drei Tagen": ("2026-11-19", "2026-11-19"),
        "in den letzten 3 Tagen": ("2026-11-19", "2026-11-22"),
        "letzten Montag": ("2026-11-16", "2026-11-16"),
        "seit gestern": ("2026-11-21", "2026-11-22"),
        "im Oktober": ("2026-10-01", "2026-10-31"),
    },
    "fr": {
        "hier": ("2026-11-21", "2026-11-21"),
        "la semaine dernière": ("2026-11-09", "2026-11-15"),
        "il y a deux jours": ("2026-11-20", "2026-11-20"),
        "ces 3 derniers jours": ("2026-11-19", "2026-11-22"),
        "lundi dernier": ("2026-11-16", "2026-11-16"),
        "le mois dernier": ("2026-10-01", "2026-10-31"),
    },
    "es": {
        "anteayer": ("2026-11-20", "2026-11-20"),
        "la semana pasada": ("2026-11-09", "2026-11-15"),
        "hace dos días": ("2026-11-20", "2026-11-20"),
        "en los últimos 3 días": ("2026-11-19", "2026-11-22"),
        "el pasado lunes": ("2026-11-16", "2026-11-16"),
        "este mes": ("2026-11-01", "2026-11-30"),
    },
}


@pytest.mark.parametrize(
    ("language", "text", "days"),
    [(language, text, days) for language, texts in DAYS.items() for text, days in texts.items()],
)
def test_words_name_these_days_of_which_some_are_over(
    language: str, text: str, days: tuple[str, str]
) -> None:
    found = find_past(text, language)
    assert found is not None
    assert tuple(map(str, found.find_days(SUNDAY))) == days


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "next week"),
        ("en", "Mondays"),
        ("en", "9999999 days ago"),
        ("de", "morgen"),
        ("fr", "demain"),
        ("es", "mañana"),
    ],
)
def test_what_is_to_come_or_without_end_is_not_past(language: str, text: str) -> None:
    assert find_past(text, language) is None


def test_words_that_may_mean_what_is_to_come_are_told_apart() -> None:
    found = [find_past(text, "en") for text in ("on Monday", "this week", "last Monday", "since Monday")]
    assert [period and period.is_sure for period in found] == [False, False, True, True]


def test_months_and_leap_days_are_counted_back_by_the_calendar() -> None:
    period = find_past("in the past 12 months", "en")
    assert period is not None
    assert period.find_days(dt.date(2024, 2, 29))[0] == dt.date(2023, 2, 28)

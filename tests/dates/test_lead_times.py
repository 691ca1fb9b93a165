# test_lead_times.py -- how long before something a reminder is wanted, in four languages
from datetime import timedelta

import pytest

from dates import LeadTime, find_lead_time
from dates.calendars.french import FRENCH_CALENDAR
from dates.calendars.german import GERMAN_CALENDAR
from dates.calendars.lead_times import find_local_lead_time
from dates.calendars.spanish import SPANISH_CALENDAR

CALENDARS = {"de": GERMAN_CALENDAR, "fr": FRENCH_CALENDAR, "es": SPANISH_CALENDAR}
MINUTES = {
    "en": {
        "an hour before": 60,
        "30 minutes before the dentist": 30,
        "half an hour ahead of time": 30,
        "2 hours and 15 minutes beforehand": 135,
        "15 min prior to the call": 15,
        "a couple of hours early": 120,
        "the day before": 1440,
        "2 days in advance": 2880,
        "a week before": 10080,
    },
    "de": {
        "eine Stunde vorher": 60,
        "30 Minuten vor dem Termin": 30,
        "eine halbe Stunde davor": 30,
        "einen Tag vorher": 1440,
        "am Tag davor": 1440,
        "zwei Tage im Voraus": 2880,
    },
    "fr": {
        "une heure avant": 60,
        "30 minutes avant le rendez-vous": 30,
        "une demi-heure plus tôt": 30,
        "la veille": 1440,
        "deux jours à l'avance": 2880,
    },
    "es": {
        "una hora antes": 60,
        "30 minutos antes de la cita": 30,
        "media hora antes": 30,
        "con una hora de antelación": 60,
        "el día antes": 1440,
        "dos días antes": 2880,
    },
}
NONE = {
    "en": ["an hour", "before lunch", "in 2 hours", "2 months before", "3 workdays before", "500 days before",
           "99999999999999999999 hours before"],
    "de": ["in einer Stunde", "5 Minuten vor 3", "vorher", "999 Tage vorher"],
    "fr": ["dans une heure", "deux heures avant midi", "avant demain"],
    "es": ["en una hora", "antes de mañana"],
}  # fmt: skip


def find(text: str, language: str) -> LeadTime | None:
    calendar = CALENDARS.get(language)
    return find_local_lead_time(text, calendar) if calendar else find_lead_time(text)


@pytest.mark.parametrize(
    ("language", "text", "minutes"),
    [(language, text, minutes) for language, rows in MINUTES.items() for text, minutes in rows.items()],
)
def test_so_long_before(language: str, text: str, minutes: int) -> None:
    before = "remind me, "
    found = find(before + text, language)
    assert found is not None
    assert (found.start, found.before) == (len(before), timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("language", "text"), [(language, text) for language, texts in NONE.items() for text in texts]
)
def test_no_length_of_time_before_something(language: str, text: str) -> None:
    assert find(text, language) is None

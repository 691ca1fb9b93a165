# test_calendars.py -- the days and times that German, French and Spanish name, and the words that only look like one
import datetime as dt

import pytest

from dates.calendars.calendar_tables import Calendar
from dates.calendars.finder import find_local_date
from dates.calendars.french import FRENCH_CALENDAR
from dates.calendars.german import GERMAN_CALENDAR
from dates.calendars.spanish import SPANISH_CALENDAR

NOW = dt.datetime(2026, 11, 22, 9, 43, tzinfo=dt.UTC)  # a Sunday

# A phrase, and its day with the time: a part of the day is its usual hour.
GERMAN = {
    "heute": "11-22",
    "heute Abend": "11-22 19:00",
    "morgen Mittag": "11-23 12:00",
    "morgen": "11-23",
    "morgen früh um 7": "11-23 07:00",
    "übermorgen": "11-24",
    "uebermorgen um 15 Uhr": "11-24 15:00",
    "am Montag": "11-23",
    "nächsten Montag": "11-23",
    "am kommenden Freitag um 17:30 Uhr": "11-27 17:30",
    "Sonntag": "11-29",
    "Sonntag um 20 Uhr": "11-22 20:00",
    "Mittwoch nächster Woche": "11-25",
    "in drei Tagen": "11-25",
    "in 2 Wochen": "12-06",
    "in einem Monat": "12-22",
    "in zwei Stunden": "11-22 11:43",
    "am 4. Dezember": "12-04",
    "am 4.12. um 8.15 Uhr": "12-04 08:15",
    "bis zum 15.": "12-15",
    "halb neun": "11-23 08:30",
    "um viertel vor fünf": "11-22 16:45",
    "um zehn": "11-22 10:00",
    "mittags": "11-22 12:00",
    "Ende des Monats": "11-30",
    "am Wochenende": "11-22",
    "nächste Woche": "11-23",
}
FRENCH = {
    "aujourd'hui": "11-22",
    "ce soir": "11-22 19:00",
    "demain": "11-23",
    "demain matin à 7 h": "11-23 07:00",
    "après-demain": "11-24",
    "apres demain à 15h": "11-24 15:00",
    "lundi": "11-23",
    "lundi prochain": "11-23",
    "vendredi prochain à 17h30": "11-27 17:30",
    "dimanche": "11-29",
    "mercredi de la semaine prochaine": "11-25",
    "dans trois jours": "11-25",
    "dans 2 semaines": "12-06",
    "dans un mois": "12-22",
    "dans deux heures": "11-22 11:43",
    "le 4 décembre": "12-04",
    "le 4/12 à 8h15": "12-04 08:15",
    "avant le 15": "12-15",
    "à huit heures et demie": "11-23 08:30",
    "à cinq heures moins le quart": "11-22 16:45",
    "à midi": "11-22 12:00",
    "à la fin du mois": "11-30",
    "ce week-end": "11-22",
    "la semaine prochaine": "11-23",
}
SPANISH = {
    "hoy": "11-22",
    "esta noche": "11-22 19:00",
    "mañana": "11-23",
    "mañana por la mañana a las 7": "11-23 07:00",
    "pasado mañana": "11-24",
    "pasado manana a las 15:00": "11-24 15:00",
    "el lunes": "11-23",
    "el próximo lunes": "11-23",
    "el viernes que viene a las 17:30": "11-27 17:30",
    "el domingo": "11-29",
    "el miércoles de la próxima semana": "11-25",
    "en tres días": "11-25",
    "dentro de 2 semanas": "12-06",
    "en un mes": "12-22",
    "en dos horas": "11-22 11:43",
    "el 4 de diciembre": "12-04",
    "el 4/12 a las 8:15": "12-04 08:15",
    "antes del 15": "12-15",
    "a las ocho y media": "11-23 08:30",
    "a las cinco menos cuarto": "11-22 16:45",
    "a las 8 de la tarde": "11-22 20:00",
    "al mediodía": "11-22 12:00",
    "a fin de mes": "11-30",
    "este fin de semana": "11-22",
    "la semana que viene": "11-23",
}
REPEATING: list[tuple[Calendar, dict[str, str]]] = [
    (
        GERMAN_CALENDAR,
        {
            "jeden Dienstag um 8 Uhr": "11-24 08:00 FREQ=WEEKLY;BYDAY=TU",
            "jeden zweiten Dienstag": "11-24 FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
            "montags und donnerstags": "11-23 FREQ=WEEKLY;BYDAY=MO,TH",
            "alle zwei Wochen": "11-22 FREQ=WEEKLY;INTERVAL=2",
            "täglich um 9 Uhr": "11-23 09:00 FREQ=DAILY",
            "jeden Dienstag um 8 bis Juni": "11-24 08:00 FREQ=WEEKLY;BYDAY=TU;UNTIL=20270630",
            "jeden zweiten Dienstag bis Ende März 2028": "11-24 FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;UNTIL=20280331",
            "täglich um 9 ab Montag bis zum 3.12.": "11-23 09:00 FREQ=DAILY;UNTIL=20261203",
            "jeden Tag bis zum 10. Dezember": "11-22 FREQ=DAILY;UNTIL=20261210",
            "jeden Abend": "11-22 19:00 FREQ=DAILY",
            "jeden Freitagmorgen": "11-27 09:00 FREQ=WEEKLY;BYDAY=FR",
            "werktags um 7:30": "11-23 07:30 FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            "am 1. jedes Monats": "12-01 FREQ=MONTHLY;BYMONTHDAY=1",
        },
    ),
    (
        FRENCH_CALENDAR,
        {
            "tous les mardis à 8h": "11-24 08:00 FREQ=WEEKLY;BYDAY=TU",
            "un mardi sur deux": "11-24 FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
            "tous les lundis et jeudis": "11-23 FREQ=WEEKLY;BYDAY=MO,TH",
            "toutes les deux semaines": "11-22 FREQ=WEEKLY;INTERVAL=2",
            "chaque mardi à 8h jusqu'en juin": "11-24 08:00 FREQ=WEEKLY;BYDAY=TU;UNTIL=20270630",
            "tous les 3 jours à partir de demain": "11-23 FREQ=DAILY;INTERVAL=3",
            "chaque jour à 9h": "11-23 09:00 FREQ=DAILY",
            "tous les soirs": "11-22 19:00 FREQ=DAILY",
            "en semaine à 7h30": "11-23 07:30 FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            "le 1er de chaque mois": "12-01 FREQ=MONTHLY;BYMONTHDAY=1",
        },
    ),
    (
        SPANISH_CALENDAR,
        {
            "cada martes a las 8 hasta junio": "11-24 08:00 FREQ=WEEKLY;BYDAY=TU;UNTIL=20270630",
            "cada 3 días a partir del martes": "11-24 FREQ=DAILY;INTERVAL=3",
            "cada miércoles a las 8": "11-25 08:00 FREQ=WEEKLY;BYDAY=WE",
            "cada dos martes": "11-24 FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
            "todos los lunes y jueves": "11-23 FREQ=WEEKLY;BYDAY=MO,TH",
            "cada dos semanas": "11-22 FREQ=WEEKLY;INTERVAL=2",
            "todos los días a las 9": "11-23 09:00 FREQ=DAILY",
            "todas las noches": "11-22 19:00 FREQ=DAILY",
            "entre semana a las 7:30": "11-23 07:30 FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            "el 1 de cada mes": "12-01 FREQ=MONTHLY;BYMONTHDAY=1",
        },
    ),
]
NO_DATES = [
    (GERMAN_CALENDAR, "letzten Montag"),
    (GERMAN_CALENDAR, "gestern"),
    (GERMAN_CALENDAR, "guten Morgen"),
    (GERMAN_CALENDAR, "am 31.2."),
    (GERMAN_CALENDAR, "Kapitel 4 lesen"),
    (GERMAN_CALENDAR, "um 25 Uhr"),
    (GERMAN_CALENDAR, "Sonntagszeitung"),
    (FRENCH_CALENDAR, "lundi dernier"),
    (FRENCH_CALENDAR, "hier"),
    (FRENCH_CALENDAR, "le 31/2"),
    (FRENCH_CALENDAR, "lire le chapitre 4"),
    (FRENCH_CALENDAR, "à 25h"),
    (SPANISH_CALENDAR, "el lunes pasado"),
    (SPANISH_CALENDAR, "ayer"),
    (SPANISH_CALENDAR, "la mañana"),
    (SPANISH_CALENDAR, "el 31/2"),
    (SPANISH_CALENDAR, "leer el capítulo 4"),
    (SPANISH_CALENDAR, "a las 25"),
    (GERMAN_CALENDAR, "jeden Montag bis irgendwann"),
    (FRENCH_CALENDAR, "chaque mois jusqu'à la fin"),
    (SPANISH_CALENDAR, "cada lunes hasta nunca"),
]
TABLES = [(GERMAN_CALENDAR, GERMAN), (FRENCH_CALENDAR, FRENCH), (SPANISH_CALENDAR, SPANISH), *REPEATING]
ROWS = [(calendar, text, wanted) for calendar, table in TABLES for text, wanted in table.items()]


@pytest.mark.parametrize(("calendar", "text", "wanted"), ROWS, ids=[text for _, text, _ in ROWS])
def test_a_phrase_names_a_day(calendar: Calendar, text: str, wanted: str) -> None:
    found = find_local_date(text, calendar, NOW, dt.UTC)
    assert found is not None
    time = f"{found.time:%H:%M}" if found.time else None
    told = " ".join(word for word in (f"{found.date:%m-%d}", time, found.repeats) if word)
    assert told == wanted
    assert text[found.start : found.end].strip() == text


@pytest.mark.parametrize(("calendar", "text"), NO_DATES, ids=[text for _, text in NO_DATES])
def test_what_only_looks_like_a_date_is_none(calendar: Calendar, text: str) -> None:
    assert find_local_date(text, calendar, NOW, dt.UTC) is None


def test_the_day_is_that_of_the_persons_zone_and_hours_are_counted_in_utc() -> None:
    zone = dt.timezone(dt.timedelta(hours=13))
    found = find_local_date("morgen", GERMAN_CALENDAR, NOW.replace(hour=23), zone)
    assert found
    assert found.date == dt.date(2026, 11, 24)

# dates/past.py -- days and periods that are over, by which people ask what they have done
import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from dates.calendar_days import MONTHS, WEEKDAYS, add_months, next_weekday
from dates.calendars.calendar_tables import Calendar
from dates.calendars.folding import Rules, compile_rules, fold_text, fold_word, join_words
from dates.calendars.french import FRENCH_CALENDAR
from dates.calendars.german import GERMAN_CALENDAR
from dates.calendars.spanish import SPANISH_CALENDAR

Unit = Literal["day", "days", "week", "weeks", "weekend", "month", "months", "year", "weekday", "named"]
_MAX_CHARACTERS = 500  # of a text that is looked at
_MAX_COUNT = 366


@dataclass(frozen=True, slots=True)
class PastPeriod:
    """A day or a period that `text[start:end]` names.

    `number` counts back from the present one, which is 0; of "the last 3 days" it is how many, of a weekday its place
    from 0 for Monday, of a named month its number. With `since` it goes on until today. `is_sure`: the words can mean
    nothing to come; "on Monday" can.
    """

    start: int
    end: int
    unit: Unit
    number: int
    since: bool = False
    is_sure: bool = True

    def find_days(self, today: dt.date) -> tuple[dt.date, dt.date]:
        """The first and the last day."""
        first, last = self._find_period(today)
        return first, today if self.since else last

    def _find_period(self, today: dt.date) -> tuple[dt.date, dt.date]:
        number, week = self.number, today - dt.timedelta(today.weekday())
        if self.unit == "day":
            return (today - dt.timedelta(number),) * 2
        if self.unit in ("days", "weeks"):
            return today - dt.timedelta(number * (7 if self.unit == "weeks" else 1)), today
        if self.unit == "weekday":
            return (next_weekday(today - dt.timedelta(7), number),) * 2
        if self.unit == "week":
            first = week - dt.timedelta(7 * number)
            return first, first + dt.timedelta(6)
        if self.unit == "weekend":
            first = week - dt.timedelta(7 * number - 5)
            return first, first + dt.timedelta(1)
        if self.unit == "months":
            return add_months(today, -number), today
        if self.unit == "year":
            return dt.date(today.year - number, 1, 1), dt.date(today.year - number, 12, 31)
        back = (today.month - number) % 12 if self.unit == "named" else number
        first = add_months(today.replace(day=1), -back)
        return first, add_months(first, 1) - dt.timedelta(1)


_NUMBERS: Mapping[str, Mapping[str, int]] = {
    "en": {"a": 1, "one": 1, "two": 2, "couple of": 2, "three": 3, "few": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
           "ten": 10},
    "de": {"einem": 1, "einer": 1, "zwei": 2, "drei": 3, "paar": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7,
           "zehn": 10},
    "fr": {"un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "dix": 10},
    "es": {"un": 1, "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "diez": 10},
}  # fmt: skip
# By what each names: a unit, how far back where the words say no number, and "?" where they may mean what is to come.
_PHRASES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("day 2", r"(?:the )?day before yesterday"),
        ("day 1", r"yesterday(?: (?:morning|afternoon|evening|night))?|last night"),
        ("day", r"<count> days? ago"),
        ("week", r"<count> weeks? ago"),
        ("month", r"<count> months? ago"),
        ("days", r"(?:in |during |over |within )?(?:the |these )?(?:last|past|previous) <count> days"),
        ("weeks", r"(?:in |during |over |within )?(?:the |these )?(?:last|past|previous) <count> weeks"),
        ("months", r"(?:in |during |over |within )?(?:the |these )?(?:last|past|previous) <count> months"),
        ("weeks 1", r"(?:in |during |over |within )?the (?:last|past) (?:week|seven days)"),
        ("weekend 1", r"(?:on |over |during )?(?:the )?(?:last|past|previous) weekend"),
        ("week 1", r"(?:in |during )?(?:the )?(?:last|past|previous) week"),
        ("month 1", r"(?:in |during )?(?:the )?(?:last|past|previous) month"),
        ("year 1", r"(?:in |during )?(?:the )?(?:last|past|previous) year"),
        ("weekday", r"(?:on )?(?:last|past|this past) <weekday>"),
        ("named", r"(?:in |during )?(?:last|this past) <month>"),
        ("day 0?", r"(?:so far |earlier )?today(?: so far)?|this (?:morning|afternoon|evening)"),
        ("week 0?", r"(?:during |so far )?this week(?: so far)?"),
        ("month 0?", r"(?:during |so far )?this month(?: so far)?"),
        ("year 0?", r"(?:during |so far )?this year(?: so far)?"),
        ("weekend 0?", r"(?:(?:on|over) (?:the|this)|this) weekend"),
        ("weekday?", r"on <weekday>"),
        ("named?", r"(?:in|during) <month>"),
        ("weekday since", r"since <weekday>"),
    ),
    "de": (
        ("day 2", r"vorgestern"),
        (
            "day 1",
            r"gestern(?: (?:morgen|früh|vormittag|mittag|nachmittag|abend))?|(?:in der )?letzte[rn]? nacht",
        ),
        ("day", r"vor <count> tage?n?"),
        ("week", r"vor <count> wochen?"),
        ("month", r"vor <count> monate?n?"),
        ("days", r"(?:in den |die )?(?:letzten|vergangenen) <count> tagen?"),
        ("weeks", r"(?:in den |die )?(?:letzten|vergangenen) <count> wochen"),
        ("months", r"(?:in den |die )?(?:letzten|vergangenen) <count> monaten?"),
        ("weekend 1", r"(?:am )?<last> wochenende"),
        ("week 1", r"(?:in der )?<last> woche"),
        ("month 1", r"(?:im )?<last> monat"),
        ("year 1", r"(?:im )?<last> jahr"),
        ("weekday", r"(?:am )?<last> <weekday>"),
        ("named", r"(?:im )?<last> <month>"),
        ("day 0?", r"heute(?: (?:morgen|früh|vormittag|nachmittag|abend))?"),
        ("week 0?", r"(?:in )?diese[rn]? woche"),
        ("month 0?", r"(?:in )?diese[nm] monat"),
        ("year 0?", r"(?:in )?diese[sm] jahr"),
        ("weekend 0?", r"(?:am|dieses) wochenende"),
        ("weekday?", r"am <weekday>"),
        ("named?", r"im <month>"),
        ("weekday since", r"seit <weekday>"),
    ),
    "fr": (
        ("day 2", r"avant[- ]hier"),
        ("day 1", r"hier(?: (?:matin|après-midi|soir))?|cette nuit|la nuit dernière"),
        ("day", r"il y a <count> jours?"),
        ("week", r"il y a <count> semaines?"),
        ("month", r"il y a <count> mois"),
        ("days", r"(?:dans |pendant |sur )?(?:les|ces) (?:<count> derniers|derniers <count2>) jours"),
        ("weeks", r"(?:dans |pendant |sur )?(?:les|ces) (?:<count> dernières|dernières <count2>) semaines"),
        ("months", r"(?:dans |pendant |sur )?(?:les|ces) (?:<count> derniers|derniers <count2>) mois"),
        ("weekend 1", r"le week-?end <last>"),
        ("week 1", r"la semaine <last>"),
        ("month 1", r"le mois <last>"),
        ("year 1", r"l'(?:an|année) <last>"),
        ("weekday", r"<weekday> <last>"),
        ("named", r"(?:en )?<month> <last>"),
        ("day 0?", r"aujourd'?hui|ce matin|cet après-midi|ce soir"),
        ("week 0?", r"cette semaine"),
        ("month 0?", r"ce mois(?:-ci)?"),
        ("year 0?", r"cette année"),
        ("weekend 0?", r"ce week-?end"),
        ("weekday?", r"(?:le )?<weekday>"),
        ("named?", r"en <month>"),
        ("weekday since", r"depuis <weekday>"),
    ),
    "es": (
        ("day 2", r"anteayer|antes de ayer|antier"),
        ("day 1", r"ayer(?: por la (?:mañana|tarde|noche))?|anoche"),
        ("day", r"hace <count> días?"),
        ("week", r"hace <count> semanas?"),
        ("month", r"hace <count> mes(?:es)?"),
        ("days", r"(?:en |durante )?(?:los|estos) (?:últimos <count>|<count2> últimos) días"),
        ("weeks", r"(?:en |durante )?(?:las|estas) (?:últimas <count>|<count2> últimas) semanas"),
        ("months", r"(?:en |durante )?(?:los|estos) (?:últimos <count>|<count2> últimos) meses"),
        ("weekend 1", r"el (?:fin de semana <last>|<last> fin de semana)"),
        ("week 1", r"la (?:semana <last>|<last> semana)"),
        ("month 1", r"el (?:mes <last>|<last> mes)"),
        ("year 1", r"el (?:año <last>|<last> año)"),
        ("weekday", r"el (?:<weekday> <last>|<last> <weekday2>)"),
        ("named", r"(?:en |el )?<month> <last>|el <last> <month2>"),
        ("day 0?", r"hoy|esta (?:mañana|tarde|noche)"),
        ("week 0?", r"esta semana"),
        ("month 0?", r"este mes"),
        ("year 0?", r"este año"),
        ("weekend 0?", r"este fin de semana|el finde"),
        ("weekday?", r"el <weekday>"),
        ("named?", r"en <month>"),
        ("weekday since", r"desde el <weekday>"),
    ),
}
_SINCE = {
    "en": "since",
    "de": "seit",
    "fr": "depuis",
    "es": "desde",
}
_LAST = {
    "en": "last",
    "de": "(?:letzte|vorige|vergangene)[nrsm]?",
    "fr": "(?:derni(?:er|ère)|passée?)",
    "es": "pasad[oa]",
}
_CALENDARS = {"de": GERMAN_CALENDAR, "fr": FRENCH_CALENDAR, "es": SPANISH_CALENDAR}


@dataclass(frozen=True, slots=True)
class _Tables:
    phrases: Rules
    values: Mapping[str, Mapping[str, int]]


def find_past(text: str, language: str) -> PastPeriod | None:
    """The first such period in the text, in words of the language; of several at one place that which says the most."""
    tables, folded = _build_tables(language), fold_text(text[:_MAX_CHARACTERS])
    found = [
        period
        for kind, phrase in tables.phrases
        for m in phrase.finditer(folded)
        if (period := _read_period(kind, m, tables.values))
    ]
    return min(found, key=lambda period: (period.start, -period.end), default=None)


def _read_period(kind: str, m: re.Match[str], values: Mapping[str, Mapping[str, int]]) -> PastPeriod | None:
    unit, *number = re.findall(r"[a-z]+|\d", kind)
    groups = {name.rstrip("2"): word for name, word in m.groupdict().items() if word}
    count = groups.get("count", "")
    named = [values[name][fold_word(groups[name])] for name in ("weekday", "month") if name in groups]
    if count:
        named = [int(count) if count.isdecimal() else values["count"][fold_word(count)]]
    back = named[0] if named else int(number[0]) if number else 0
    if back > _MAX_COUNT:
        return None
    since = "since" in groups or "since" in number
    return PastPeriod(m.start(), m.end(), cast(Unit, unit), back, since, since or not kind.endswith("?"))


@cache
def _build_tables(language: str) -> _Tables:
    calendar: Calendar | None = _CALENDARS.get(language)
    values = {"count": {fold_word(word): number for word, number in _NUMBERS[language].items()}}
    for name, words in (("weekday", WEEKDAYS), ("month", MONTHS)):
        english = {word.lower(): n for n, word in enumerate(words, name == "month")}
        values[name] = dict(calendar.values[name]) if calendar else english
    parts = {"last": _LAST[language]}
    for name, known in values.items():
        digits = r"\d{1,3}|" if name == "count" else ""
        parts |= {f"{name}{n}": f"(?P<{name}{n}>{digits}{join_words(known)})" for n in ("", "2")}
    phrases = (
        (kind, rf"\b(?P<since>{_SINCE[language]} )?(?:{text})(?![\w-])") for kind, text in _PHRASES[language]
    )
    return _Tables(compile_rules(phrases, parts), values)

# llm/offline/sentences/calendar.py -- how each language names and writes days
from dates import calendar_days
from llm.offline.sentences.sentence import Language, Sentence

WEEKDAYS: dict[Language, tuple[str, ...]] = {
    "en": calendar_days.WEEKDAYS,
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
MONTHS: dict[Language, tuple[str, ...]] = {
    "en": calendar_days.MONTHS,
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
           "November", "Dezember"),
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
           "novembre", "décembre"),
    "es": ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
           "noviembre", "diciembre"),
}  # fmt: skip
DAY_OF_THIS_YEAR = Sentence(
    en="{weekday} {day} {month}",
    de="{weekday}, {day}. {month}",
    fr="{weekday} {day} {month}",
    es="{weekday} {day} de {month}",
)
DAY_OF_ANOTHER_YEAR = Sentence(
    en="{weekday} {day} {month} {year}",
    de="{weekday}, {day}. {month} {year}",
    fr="{weekday} {day} {month} {year}",
    es="{weekday} {day} de {month} de {year}",
)

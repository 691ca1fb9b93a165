# dates/calendars/german.py -- how German names days and times
from dates.calendars.calendar_tables import Calendar
from dates.calendars.folding import compile_rules, fold_values, join_words

_HOURS = {"eins": 1, "ein": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8,
          "neun": 9, "zehn": 10, "elf": 11, "zwölf": 12}  # fmt: skip
_VALUES = {
    "near": {"heute": 0, "morgen": 1, "übermorgen": 2},
    "weekday": {"montag": 0, "dienstag": 1, "mittwoch": 2, "donnerstag": 3, "freitag": 4, "samstag": 5,
                "sonnabend": 5, "sonntag": 6},
    "month": {"januar": 1, "jänner": 1, "februar": 2, "märz": 3, "april": 4, "mai": 5, "juni": 6, "juli": 7,
              "august": 8, "september": 9, "oktober": 10, "november": 11, "dezember": 12},
    "part": {"früh": 0, "morgen": 0, "vormittag": 0, "mittag": 4, "nachmittag": 1, "abend": 2, "nacht": 3},
    "hour": _HOURS,
    "count": {**_HOURS, "eine": 1, "einen": 1, "einem": 1, "einer": 1, "zweiten": 2, "zweite": 2, "dritten": 3,
              "dritte": 3},
    "unit": {"tag": 1, "tagen": 1, "tage": 1, "woche": 7, "wochen": 7, "monat": 100, "monaten": 100, "jahr": 1200,
             "jahren": 1200, "täglich": 1, "wöchentlich": 7, "monatlich": 100, "jährlich": 1200},
    "minutes": {"minute": 1, "minuten": 1, "stunde": 60, "stunden": 60, "viertelstunde": 15, "halben stunde": 30,
                "halbe stunde": 30},
}  # fmt: skip

_PARTS = {
    **{name: f"(?P<{name}>{join_words(words)})" for name, words in _VALUES.items()},
    "some": rf"(?P<count>\d{{1,3}}|{join_words(_VALUES['count'])})",
    "oclock": rf"(?P<hour>\d{{1,2}}|{join_words(_HOURS)})",
    "at": r"(?P<at>\b(?:um|gegen|ab|bis|vor) )?",
    "in_part": r"(?: ?(?:am |in der |gegen )?<part>s?\b)?",
    "on": r"\b(?:(?:fällig )?(?:bis|am|ab|für|zum|den|vom|spätestens)(?: zum| am| den)? )?",
    "next": r"(?P<next>(?:nächste|kommende)[nrsm]?)",
    "year": r"(?P<year>20\d\d)",
    "weekday2": f"(?P<weekday2>{join_words(_VALUES['weekday'])})",
}

_DAYS = (
    ("none", r"\b(?:letzte|vorige|vergangene)[nrsm]? (?:<weekday>|woche|monat|jahr)"
             r"|\b(?:gestern|vorgestern|guten (?:morgen|abend))\b"),
    ("duration", r"\bin <some> (?P<minutes>minuten?|stunden?)\b|\bin (?:einer )?(?P<minutes2>halben stunde"
                 r"|viertelstunde)\b"),
    ("distance", r"\b(?:in|binnen|innerhalb von) <some> <unit>\b"),
    ("near", r"<on><near><in_part>\b"),
    ("month_day", r"<on>(?:<weekday>,? (?:den |dem )?)?(?P<day>\d{1,2})\.? ?<month>\b(?:,? (?P<year>20\d\d)\b)?"),
    ("month_day", r"<on>(?:<weekday>,? (?:den |dem "
                  r")?)?(?<![\d.])(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>20\d\d|\d\d)?(?!\d)"),
    ("month_day", r"<on>(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b"),
    ("end_of_month", r"<on>(?:ende (?:des |dieses |(?P<next>nächsten ))?monats?|monatsende)\b"),
    ("end_of_week", r"<on>ende (?:der |dieser |(?P<next>(?:der )?nächster? ))?woche\b"),
    ("end_of_year", r"<on>(?:ende (?:des |dieses )?jahr(?:es)?|jahresende)\b"),
    ("weekend", r"<on>(?:(?:diese\w|kommende\w|(?P<next>nächste\w)) )?wochenende\b"),
    ("weekday", r"<on>(?:diese[nm] |<next> )?<weekday><in_part>(?P<week> (?:der )?nächster? woche)?\b(?!-)"),
    ("weekday", r"<on>(?P<week>nächste woche) (?:am )?<weekday><in_part>\b"),
    ("next_week", r"<on>(?:in der |der )?<next> woche\b"),
    ("next_month", r"<on>(?:im )?<next> monat\b"),
    ("next_year", r"<on>(?:im )?<next> jahr\b"),
    ("day_of_month", r"\b(?:am|bis zum|zum) (?P<day>\d{1,2})\.(?! ?\w)"),
)  # fmt: skip
_CLOCKS = (
    ("now", r"\b(?:zu|um) diese[rm]? (?:zeit|uhrzeit)\b"),
    ("half_to", r"<at>\bhalb <oclock>\b<in_part>"),
    ("quarter_to", r"<at>\bviertel vor <oclock>\b<in_part>"),
    ("quarter_past", r"<at>\bviertel nach <oclock>\b<in_part>"),
    ("noon", r"\b(?:um zwölf uhr mittags|um 12 uhr mittags|zu mittag|mittags)\b"),
    ("clock", r"\b(?:um )?(?P<exact>mitternacht)\b"),
    ("clock", r"<at>(?<![\d:.])\b(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?P<exact>)(?!\d|\.\d| ?\.)(?: "
              r"?uhr\b)?<in_part>"),
    ("clock", r"<at>\b<oclock> ?(?P<exact>uhr)\b(?: (?P<minute>\d{1,2})\b)?<in_part>"),
    ("clock", r"(?P<at>\b(?:um|gegen) )<oclock>\b(?![.,:]?\d| ?(?:%|euro|grad|prozent|stunden|minuten))<in_part>"),
)  # fmt: skip
_REPEATS = (
    ("workdays", r"\b(?:werktags|wochentags|jeden werktag|unter der woche)\b"),
    ("weekly", r"\bjede[nm] (?:(?P<count>zweiten|dritten) )?<weekday>(?: und (?:jeden )?<weekday2>)?<in_part>\b"),
    ("weekly", r"\b<weekday>s\b(?: und <weekday2>s\b)?"),
    ("monthly", r"\b(?:am |jeden )(?P<day>\d{1,2})\. (?:jedes|jeden) monats?\b|\bjeden (?P<day2>\d{1,2})\. (?:des"
                r"|im) monats?\b"),
    ("every", r"\b(?:jede[nrs]? (?:(?P<count>zweiten?|dritten?) )?|alle (?P<count2>\d{1,2}|zwei|drei|vier|sechs) "
              r")<unit>\b"),
    ("every", r"\b(?P<unit>täglich|wöchentlich|monatlich|jährlich)\b"),
    ("every", r"\bjede[nr] <part>\b"),
)  # fmt: skip
_LIMITS = (
    ("month", r",? ?\bbis (?:ende )?<month>\b(?: <year>)?"),
    ("until", r",? ?\bbis\b"),
    ("from", r",? ?\bab\b"),
)
_LEAD_TIMES = (
    ("minutes", r"\b(?:<some> ?)?<minutes>\b (?:vorher|davor|zuvor|früher|im voraus|vor(?= (?:de[mnr]|mein|unser)))"),
    ("days", r"\b<some> <unit>\b (?:vorher|davor|zuvor|früher|im voraus|vor(?= (?:de[mnr]|mein|unser)))"),
    ("day", r"\bam (?:tag (?:vorher|davor|zuvor)|vortag)\b"),
)  # fmt: skip

GERMAN_CALENDAR = Calendar(
    days=compile_rules(_DAYS, _PARTS),
    clocks=compile_rules(_CLOCKS, _PARTS),
    repeats=compile_rules(_REPEATS, _PARTS),
    values=fold_values(_VALUES),
    between=frozenset(["um", "gegen", "ab", "bis", "dann"]),
    limits=compile_rules(_LIMITS, _PARTS),
    lead_times=compile_rules(_LEAD_TIMES, _PARTS),
)

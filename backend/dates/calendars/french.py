# dates/calendars/french.py -- how French names days and times
from dates.calendars.calendar_tables import Calendar
from dates.calendars.folding import compile_rules, fold_values, join_words

_HOURS = {"une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9,
          "dix": 10, "onze": 11, "douze": 12}  # fmt: skip
_VALUES = {
    "near": {"aujourd'hui": 0, "aujourdhui": 0, "ce": 0, "cet": 0, "cette": 0, "demain": 1, "après-demain": 2,
             "après demain": 2},
    "weekday": {"lundi": 0, "mardi": 1, "mercredi": 2, "jeudi": 3, "vendredi": 4, "samedi": 5, "dimanche": 6},
    "month": {"janvier": 1, "février": 2, "mars": 3, "avril": 4, "mai": 5, "juin": 6, "juillet": 7, "août": 8,
              "septembre": 9, "octobre": 10, "novembre": 11, "décembre": 12},
    "part": {"matin": 0, "matinée": 0, "midi": 4, "après-midi": 1, "après midi": 1, "soir": 2, "soirée": 2, "nuit": 3},
    "hour": _HOURS,
    "count": {**_HOURS, "un": 1, "quinze": 15},
    "unit": {"jour": 1, "jours": 1, "semaine": 7, "semaines": 7, "mois": 100, "an": 1200, "ans": 1200, "année": 1200,
             "années": 1200},
    "minutes": {"minute": 1, "minutes": 1, "min": 1, "heure": 60, "heures": 60, "h": 60, "demi-heure": 30,
                "quart d'heure": 15},
    "day": {"premier": 1, "1er": 1},
}  # fmt: skip

_PARTS = {
    **{name: f"(?P<{name}>{join_words(words)})" for name, words in _VALUES.items()},
    "some": rf"(?P<count>\d{{1,3}}|{join_words(_VALUES['count'])})",
    "oclock": rf"(?P<hour>\d{{1,2}}|{join_words(_HOURS)})",
    "at": r"(?P<at>\b(?:à|vers|dès|avant|jusqu'à|pour) )?",
    "in_part": r"(?: ?(?:dans |en |au |de )?(?:l'|la |le |du )?<part>\b)?",
    "on": r"\b(?:(?:pour|dès|avant|jusqu'à|jusqu'au|d'ici|à|au|de)(?: le| ce| au| à)? |le |ce )?",
    "next": r"(?P<next>prochaine?|suivante?|qui vient)",
    "year": r"(?P<year>20\d\d)",
    "weekday2": f"(?P<weekday2>{join_words(_VALUES['weekday'])})",
}

_DAYS = (
    ("none", r"\b<weekday> (?:dernier|passé)|\b(?:hier|avant-hier)\b|\b(?:semaine|mois|année|an) (?:dernière?"
             r"|passée?)\b"),
    ("duration", r"\bdans <some> ?(?P<minutes>minutes?|min|heures?|h)\b|\bdans (?:une |un )(?P<minutes2>demi-heure"
                 r"|quart d'heure)\b"),
    ("distance", r"\b(?:dans|d'ici) <some> <unit>\b"),
    ("near", r"<on>(?P<near>aujourd'?hui|demain|après[- ]demain)(?: ?(?:dans |en |au )?(?:l'|la |le )?<part>\b)?"),
    ("near", r"\b(?P<near>ce|cet|cette) <part>\b"),
    ("month_day", r"<on>(?:<weekday> )?(?:le )?(?P<day>\d{1,2}|1er|premier) <month>\b(?: (?P<year>20\d\d)\b)?"),
    ("month_day", r"<on>(?:<weekday> )?(?:le )?(?<![\d/])(?P<day>\d{1,2})/(?P<month>\d{1,2})(?:/(?P<year>20\d\d"
                  r"|\d\d))?(?![\d/])"),
    ("month_day", r"<on>(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b"),
    ("end_of_month", r"<on>(?:la )?fin (?:du|de ce) mois(?: <next>)?\b"),
    ("end_of_week", r"<on>(?:la )?fin (?:de la|de cette) semaine(?: <next>)?\b"),
    ("end_of_year", r"<on>(?:la )?fin (?:de l'|de cette )année\b"),
    ("weekend", r"<on>(?:le )?week-?end(?: <next>)?\b"),
    ("weekday", r"<on>(?:le )?<weekday>(?P<week> de la semaine prochaine)?(?: <next>)?<in_part>\b"),
    ("next_week", r"<on>(?:la )?semaine <next>\b"),
    ("next_month", r"<on>(?:le )?mois <next>\b"),
    ("next_year", r"<on>(?:l')?(?:an|année) <next>\b"),
    ("day_of_month", r"\b(?:le|pour le|avant le|au) (?P<day>\d{1,2}|1er|premier)(?! ?[\w/h:%€])"),
)  # fmt: skip
_CLOCKS = (
    ("now", r"\bà cette heure(?:[- ]ci)?\b"),
    ("half_past", r"<at>\b<oclock> ?(?:heures?|h) et demie?\b<in_part>"),
    ("quarter_past", r"<at>\b<oclock> ?(?:heures?|h) et quart\b<in_part>"),
    ("quarter_to", r"<at>\b<oclock> ?(?:heures?|h) moins le quart\b<in_part>"),
    ("noon", r"\b(?:à|vers|avant) midi\b"),
    ("clock", r"\b(?:à |vers |avant )(?P<exact>minuit)\b"),
    ("clock", r"<at>(?<![\d:])\b(?P<hour>\d{1,2}) ?(?:h|:|heures? ?)(?P<minute>\d\d)(?P<exact>)\b(?!:)<in_part>"),
    ("clock", r"<at>\b<oclock> ?(?P<exact>h|heures?)\b<in_part>"),
    ("clock", r"(?P<at>\b(?:à|vers) )(?P<hour>\d{1,2})(?=$|[.,!?]| (?:demain|aujourd|lundi|mardi|mercredi|jeudi"
              r"|vendredi|samedi|dimanche))"),
)  # fmt: skip
_REPEATS = (
    ("workdays", r"\b(?:en semaine|tous les jours (?:ouvrables|ouvrés|de la semaine))\b"),
    ("weekly", r"\b(?:tous les|chaque) <weekday>s?\b(?: et (?:(?:tous )?les |chaque )?<weekday2>s?\b)?<in_part>"),
    ("weekly", r"\bun <weekday> sur (?P<count>deux|trois)\b"),
    ("monthly", r"\ble (?P<day>\d{1,2}|1er|premier) (?:de chaque|du) mois\b|\btous les (?P<day2>\d{1,2}|1er"
                r"|premier) du mois\b"),
    ("every", r"\b(?:tous les|toutes les|chaque) (?:<some> )?<unit>\b"),
    ("every", r"\b(?:tous les|toutes les|chaque) <part>s?\b"),
)  # fmt: skip
_LIMITS = (
    ("month", r",? ?\bjusqu'(?:en|à|à fin|à la fin de) ?<month>\b(?: <year>)?"),
    ("until", r",? ?\bjusqu'"),
    ("from", r",? ?\b(?:dès|à partir)\b"),
)
_LEAD_TIMES = (
    ("minutes", r"\b(?:(?:<some> ?|une ))?<minutes>\b (?:avant(?! (?:midi|minuit))|plus tôt|à l'avance)"),
    ("days", r"\b<some> <unit>\b (?:avant|plus tôt|à l'avance)"),
    ("day", r"\bla veille\b"),
)  # fmt: skip

FRENCH_CALENDAR = Calendar(
    days=compile_rules(_DAYS, _PARTS),
    clocks=compile_rules(_CLOCKS, _PARTS),
    repeats=compile_rules(_REPEATS, _PARTS),
    values=fold_values(_VALUES),
    between=frozenset(["a", "vers", "des", "avant", "pour"]),
    limits=compile_rules(_LIMITS, _PARTS),
    lead_times=compile_rules(_LEAD_TIMES, _PARTS),
)

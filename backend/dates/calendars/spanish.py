# dates/calendars/spanish.py -- how Spanish names days and times
from dates.calendars.calendar_tables import Calendar
from dates.calendars.folding import compile_rules, fold_values, join_words

_HOURS = {"una": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9,
          "diez": 10, "once": 11, "doce": 12}  # fmt: skip
_VALUES = {
    "near": {"hoy": 0, "mañana": 1, "pasado mañana": 2, "esta": 0},
    "weekday": {"lunes": 0, "martes": 1, "miércoles": 2, "jueves": 3, "viernes": 4, "sábado": 5, "domingo": 6},
    "month": {"enero": 1, "febrero": 2, "marzo": 3, "abril": 4, "mayo": 5, "junio": 6, "julio": 7, "agosto": 8,
              "septiembre": 9, "setiembre": 9, "octubre": 10, "noviembre": 11, "diciembre": 12},
    "part": {"mañana": 0, "madrugada": 0, "mediodía": 4, "tarde": 1, "noche": 2},
    "hour": _HOURS,
    "count": {**_HOURS, "un": 1, "quince": 15},
    "unit": {"día": 1, "días": 1, "semana": 7, "semanas": 7, "mes": 100, "meses": 100, "año": 1200, "años": 1200},
    "minutes": {"minuto": 1, "minutos": 1, "hora": 60, "horas": 60, "media hora": 30},
    "day": {"primero": 1, "primer": 1, "1er": 1},
}  # fmt: skip

_PARTS = {
    **{name: f"(?P<{name}>{join_words(words)})" for name, words in _VALUES.items()},
    "some": rf"(?P<count>\d{{1,3}}|{join_words(_VALUES['count'])})",
    "oclock": rf"(?P<hour>\d{{1,2}}|{join_words(_HOURS)})",
    "at": r"(?P<at>\b(?:a|sobre|hacia|antes de|desde|para)(?: las?)? )?",
    "in_part": r"(?: ?(?:por|de|en|a|al)(?: la)? <part>\b)?",
    "on": r"\b(?:(?:para|antes de|hasta|desde|a partir de|de|en|a)(?: el| la| este)? |antes del |del |al |el |este )?",
    "year": r"(?P<year>20\d\d)",
    "weekday2": f"(?P<weekday2>{join_words(_VALUES['weekday'])})",
}

_DAYS = (
    ("none", r"\b<weekday> pasado|\b(?:ayer|anteayer)\b|\b(?:semana|mes|año) pasad[oa]\b"),
    ("duration", r"\b(?:en|dentro de) <some> (?P<minutes>minutos?|horas?)\b|\b(?:en|dentro de) (?P<minutes2>media "
                 r"hora)\b"),
    ("distance", r"\b(?:en|dentro de) <some> <unit>\b"),
    ("near", r"<on>(?<!\bla )(?<!\besta )(?P<near>hoy|mañana|pasado mañana)(?: (?:a|por|en|de) la <part>\b| al "
             r"(?P<part2>mediodía))?\b"),
    ("near", r"\b(?P<near>esta) <part>\b"),
    ("month_day", r"<on>(?:<weekday>,? )?(?:el )?(?:día )?(?P<day>\d{1,2}|primero) (?:de |del )?<month>\b(?: (?:de "
                  r"|del )?(?P<year>20\d\d)\b)?"),
    ("month_day", r"<on>(?:<weekday>,? )?(?:el )?(?<![\d/])(?P<day>\d{1,2})/(?P<month>\d{1,2})(?:/(?P<year>20\d\d"
                  r"|\d\d))?(?![\d/])"),
    ("month_day", r"<on>(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b"),
    ("end_of_month", r"<on>(?:fin|final|finales) (?:de|del|de este) mes\b"),
    ("end_of_week", r"<on>(?:final|finales) de (?:la |esta )?semana\b"),
    ("end_of_year", r"<on>(?:fin|final|finales) de(?:l)? año\b"),
    ("weekend", r"<on>(?:(?P<next>próximo) )?fin de semana(?P<next2> que viene)?\b"),
    ("weekday", r"<on>(?:el )?(?:(?P<next>próximo) )?<weekday>(?P<week> de la (?:semana que viene|próxima "
                r"semana))?(?: (?P<next2>próximo|que viene))?<in_part>\b"),
    ("next_week", r"<on>(?:la )?(?:próxima semana|semana (?:que viene|próxima|siguiente))\b"),
    ("next_month", r"<on>(?:el )?(?:próximo mes|mes (?:que viene|próximo|siguiente))\b"),
    ("next_year", r"<on>(?:el )?(?:próximo año|año (?:que viene|próximo))\b"),
    ("day_of_month", r"\b(?:el|para el|antes del)(?: día)? (?P<day>\d{1,2})(?! ?[\w/:%€])"),
)  # fmt: skip
_CLOCKS = (
    ("now", r"\ba esta (?:misma )?hora\b"),
    ("half_past", r"<at>\b<oclock> y media\b<in_part>"),
    ("quarter_past", r"<at>\b<oclock> y cuarto\b<in_part>"),
    ("quarter_to", r"<at>\b<oclock> menos cuarto\b<in_part>"),
    ("noon", r"\b(?:al|a) mediodía\b"),
    ("clock", r"\ba (?:la )?(?P<exact>medianoche)\b"),
    ("clock", r"<at>(?<![\d:.])\b(?P<hour>\d{1,2})(?::(?P<minute>\d\d))? ?(?P<half>[ap])\.? ?m\b\.?"),
    ("clock", r"<at>(?<![\d:.])\b(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?P<exact>)\b(?![:.]?\d)(?: ?(?:h"
              r"|horas)\b)?<in_part>"),
    ("clock", r"(?P<at>(?:^|\b(?:a|sobre|hacia|antes de|desde|para) )las? )<oclock>\b(?: en punto| horas)?<in_part>"),
)  # fmt: skip
_REPEATS = (
    ("workdays", r"\b(?:entre semana|de lunes a viernes|todos los días laborables)\b"),
    ("weekly", r"\b(?:cada|todos los) (?:<some> )?<weekday>s?\b(?: y (?:(?:cada|los) )?<weekday2>s?\b)?<in_part>"),
    ("monthly", r"\bel (?:día )?(?P<day>\d{1,2}|primero|primer|1er)(?: día)? de cada mes\b"),
    ("every", r"\b(?:cada|todos los|todas las) (?:<some> )?<unit>\b"),
    ("every", r"\b(?:cada|todas las) <part>s?\b"),
)  # fmt: skip
_LIMITS = (
    ("month", r",? ?\bhasta (?:(?:fin|finales|el final) de )?<month>\b(?: (?:de |del )?<year>)?"),
    ("until", r",? ?\bhasta\b"),
    ("from", r",? ?\b(?:desde|a partir del?)\b"),
)
_LEAD_TIMES = (
    ("minutes", r"\b(?:con )?(?:<some> )?<minutes>\b (?:antes(?: de(?= ))?|de ante(?:lación|mano))"),
    ("days", r"\b(?:con )?<some> <unit>\b (?:antes(?: de(?= ))?|de antelación)"),
    ("day", r"\b(?:el|un) día (?:antes|anterior)\b"),
)  # fmt: skip

SPANISH_CALENDAR = Calendar(
    days=compile_rules(_DAYS, _PARTS),
    clocks=compile_rules(_CLOCKS, _PARTS),
    repeats=compile_rules(_REPEATS, _PARTS),
    values=fold_values(_VALUES),
    between=frozenset(["a", "a las", "a la", "sobre las", "antes de", "para", "por"]),
    limits=compile_rules(_LIMITS, _PARTS),
    lead_times=compile_rules(_LEAD_TIMES, _PARTS),
)

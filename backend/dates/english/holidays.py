# dates/english/holidays.py -- holidays by name, each a rule for its day in a year
import datetime as dt
from collections.abc import Callable

from dates.calendar_days import find_easter, find_nth_weekday
from dates.english.day_phrase import DayPhrase, list_years, parse_determiner, parse_year
from dates.english.words import Words
from dates.orders import is_american, is_canadian, is_nowhere

HolidayRule = Callable[[int], dt.date | None]


def _on(month: int, day: int) -> HolidayRule:
    return lambda year: dt.date(year, month, day)


def _nth(n: int, weekday: int, month: int, later: int = 0) -> HolidayRule:
    def find(year: int) -> dt.date | None:
        day = find_nth_weekday(year, month, weekday, n)
        return day + dt.timedelta(later) if day else None

    return find


def _easter(days: int) -> HolidayRule:
    return lambda year: find_easter(year) + dt.timedelta(days)


# A name may end with "day" in either writing; an apostrophe may be missing.
_EVERYWHERE: dict[str, HolidayRule] = {
    "new year's day|new year|new year's|new years day": _on(1, 1),
    "new year's eve|nye|new years eve": _on(12, 31),
    "epiphany|three kings day": _on(1, 6),
    "groundhog day": _on(2, 2),
    "valentine's day|valentine's|valentine day|valentines day|saint valentine's day": _on(2, 14),
    "women's day|international women's day": _on(3, 8),
    "pi day": _on(3, 14),
    "st patrick's day|st. patrick's day|saint patrick's day|st paddy's day|st. paddy's day": _on(3, 17),
    "april fools|april fool's|april fools' day|april fool's day|april fools day": _on(4, 1),
    "earth day": _on(4, 22),
    "may day": _on(5, 1),
    "cinco de mayo": _on(5, 5),
    "halloween|hallowe'en": _on(10, 31),
    "all saints day|all saints' day|all hallows": _on(11, 1),
    "all souls day|all souls' day": _on(11, 2),
    "st nicholas day|saint nicholas day": _on(12, 6),
    "christmas eve|xmas eve": _on(12, 24),
    "christmas|christmas day|xmas|xmas day": _on(12, 25),
    "boxing day": _on(12, 26),
    "easter|easter day|easter sunday": _easter(0),
    "easter monday": _easter(1),
    "good friday": _easter(-2),
    "maundy thursday|holy thursday": _easter(-3),
    "palm sunday": _easter(-7),
    "ash wednesday": _easter(-46),
    "shrove tuesday|pancake day|pancake tuesday|mardi gras|fat tuesday": _easter(-47),
    "ascension|ascension day|ascension thursday": _easter(39),
    "pentecost|whit sunday|whitsunday|whitsun": _easter(49),
    "whit monday|pentecost monday": _easter(50),
    "corpus christi": _easter(60),
    "black friday": _nth(4, 3, 11, 1),
    "cyber monday": _nth(4, 3, 11, 4),
    "anzac day": _on(4, 25),
    "canada day": _on(7, 1),
    "bastille day": _on(7, 14),
    "australia day": _on(1, 26),
    "guy fawkes|guy fawkes night|bonfire night": _on(11, 5),
    "remembrance day|armistice day": _on(11, 11),
}
# Days that other countries keep at other times: understood where the time zone is American, or of no country.
_AMERICAN: dict[str, HolidayRule] = {
    "martin luther king day|martin luther king jr day|martin luther king jr. day|mlk day"
    "|martin luther king's day|martin luther king": _nth(3, 0, 1),
    "presidents day|president's day|presidents' day|washington's birthday": _nth(3, 0, 2),
    "mother's day|mothers day|mothers' day": _nth(2, 6, 5),
    "father's day|fathers day|fathers' day": _nth(3, 6, 6),
    "memorial day": _nth(-1, 0, 5),
    "juneteenth": _on(6, 19),
    "independence day|fourth of july|4th of july": _on(7, 4),
    "labor day": _nth(1, 0, 9),
    "columbus day|indigenous peoples day|indigenous peoples' day": _nth(2, 0, 10),
    "boss's day|boss day|bosses day": _on(10, 16),
    "veterans day|veteran's day|veterans' day": _on(11, 11),
    "thanksgiving|thanksgiving day": _nth(4, 3, 11),
    "tax day": _on(4, 15),
    "super bowl sunday": _nth(2, 6, 2),
}
_CANADIAN: dict[str, HolidayRule] = {
    "mother's day|mothers day|mothers' day": _nth(2, 6, 5),
    "father's day|fathers day|fathers' day": _nth(3, 6, 6),
    "labour day|labor day": _nth(1, 0, 9),
    "thanksgiving|thanksgiving day": _nth(2, 0, 10),
}
_BRITISH: dict[str, HolidayRule] = {
    "mother's day|mothers day|mothers' day|mothering sunday": _easter(-21),
    "father's day|fathers day|fathers' day": _nth(3, 6, 6),
}
_BRITISH_ZONES = frozenset(["Europe/London", "Europe/Dublin", "Europe/Belfast", "GB", "Eire", "Europe/Jersey",
                            "Europe/Guernsey", "Europe/Isle_of_Man"])  # fmt: skip
Spellings = dict[str, list[tuple[tuple[str, ...], HolidayRule]]]


def _index(*tables: dict[str, HolidayRule]) -> Spellings:
    """By the first word of a name: its words and its rule, longest names first. No word has an apostrophe."""
    found: Spellings = {}
    for table in tables:
        for names, rule in table.items():
            for name in names.split("|"):
                spelling = tuple(name.replace("'", "").replace(".", " .").split())
                found.setdefault(spelling[0], []).append((spelling, rule))
    for spellings in found.values():
        spellings.sort(key=lambda entry: -len(entry[0]))
    return found


_COMMON = _index(_EVERYWHERE)
_IN_AMERICA = _index(_EVERYWHERE, _AMERICAN)
_IN_CANADA = _index(_EVERYWHERE, _CANADIAN)
_IN_BRITAIN = _index(_EVERYWHERE, _BRITISH)
FIRST_WORDS = frozenset(_COMMON) | frozenset(_IN_AMERICA) | frozenset(_IN_CANADA) | frozenset(_IN_BRITAIN)


def _choose_table(zone: str) -> Spellings:
    if is_american(zone) or is_nowhere(zone):
        return _IN_AMERICA
    return _IN_CANADA if is_canadian(zone) else _IN_BRITAIN if zone in _BRITISH_ZONES else _COMMON


def find_holiday(words: Words, i: int) -> tuple[HolidayRule, int] | None:
    for spelling, rule in _choose_table(words.zone).get(words.word(i).replace("'", ""), ()):
        j = i
        for part in spelling:
            if words.word(j).replace("'", "") != part:
                break
            j = words.skip(j + 1, ("'",))
        else:
            return rule, j
    return None


def parse_holiday(words: Words, i: int) -> DayPhrase | None:
    """The next time that the holiday comes; one needs a preposition, as "plan Christmas" is no date."""
    which, j = parse_determiner(words, i)
    found = find_holiday(words, words.skip(j, ("the",)))
    if found is None:
        return None
    rule, end = found
    year, after = parse_year(words, end)
    end = after if year else end
    if next_year := words.read(end, "next", "year"):
        year, end = words.now.year + 1, next_year
    if which == "last":
        return DayPhrase(end, (words.today - dt.timedelta(1),), needs="preposition")
    days = [day for each in list_years(words, year) if (day := rule(each))]
    if which == "next":  # the one of this year or of the next one
        days = days if days and days[0] < words.today else []
    return DayPhrase(end, tuple(days), needs="preposition")

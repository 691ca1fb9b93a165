# dates/orders.py -- whether 8/5 is a day in August or in May, by the person's language and time zone
from functools import cache
from typing import Literal

NumericOrder = Literal["month first", "day first"]

_UNITED_STATES = frozenset(
    """
        America/Adak America/Anchorage America/Boise America/Chicago America/Denver America/Detroit
        America/Fort_Wayne America/Indianapolis America/Juneau America/Los_Angeles America/Louisville
        America/Menominee America/Metlakatla America/New_York America/Nome America/Phoenix America/Shiprock
        America/Sitka America/Yakutat Pacific/Honolulu Pacific/Johnston Pacific/Guam EST5EDT CST6CDT MST7MDT
        PST8PDT EST MST HST
    """.split()
)
_UNITED_STATES_FOLDERS = ("US/", "America/Indiana/", "America/Kentucky/", "America/North_Dakota/")
_MONTH_FIRST = frozenset(
    """
        Asia/Manila Asia/Tokyo Asia/Seoul Asia/Shanghai Asia/Chongqing Asia/Harbin Asia/Taipei Asia/Ulaanbaatar
        Japan ROK PRC ROC
    """.split()
)
# Both orders are in use, or dates in digits begin with the year.
_UNDECIDED = frozenset(
    """
        Europe/Budapest Europe/Vilnius Asia/Hong_Kong Asia/Macau Asia/Tehran Asia/Kathmandu Asia/Urumqi
        Africa/Nairobi Africa/Accra Africa/Lome Africa/Johannesburg Pacific/Pago_Pago Pacific/Majuro
        Pacific/Kwajalein Pacific/Palau Pacific/Saipan Pacific/Chuuk Pacific/Pohnpei Pacific/Kosrae Iran
        Hongkong America/Puerto_Rico America/Panama America/Belize
    """.split()
)
_CANADA = frozenset(
    """
        America/Toronto America/Vancouver America/Edmonton America/Winnipeg America/Halifax America/St_Johns
        America/Regina America/Montreal America/Moncton America/Glace_Bay America/Goose_Bay America/Iqaluit
        America/Rankin_Inlet America/Resolute America/Cambridge_Bay America/Inuvik America/Dawson
        America/Dawson_Creek America/Fort_Nelson America/Whitehorse America/Yellowknife America/Swift_Current
        America/Thunder_Bay America/Nipigon America/Rainy_River America/Pangnirtung America/Atikokan
        America/Coral_Harbour America/Creston America/Blanc-Sablon
    """.split()
)
# By the region of a language, and by a language without one; English is written in both orders.
_MONTH_FIRST_REGIONS = frozenset("US PH JP KR CN TW MN GU".split())
_UNDECIDED_REGIONS = frozenset("001 CA HU LT HK MO IR NP KE GH TG ZA PR PA BZ AS MH PW MP FM".split())
_MONTH_FIRST_LANGUAGES = frozenset("ja ko zh mn".split())
_DAY_FIRST_LANGUAGES = frozenset(
    """
        de fr es it pt nl da nb nn no fi pl cs sk sl hr sr bg ro el tr ru uk ar he id ms vi th is et lv ca gl eu
    """.split()
)
_NOWHERE = ("Etc/", "UTC", "GMT", "Zulu", "UCT", "Universal", "Greenwich")
_CONTINENTS = ("Europe/", "Africa/", "Asia/", "Australia/", "America/", "Pacific/", "Atlantic/", "Indian/")


def is_american(zone: str) -> bool:
    return zone in _UNITED_STATES or zone.startswith(_UNITED_STATES_FOLDERS)


def is_canadian(zone: str) -> bool:
    return zone in _CANADA or zone.startswith("Canada/")


def is_nowhere(zone: str) -> bool:
    """Whether the zone is that of no country, as UTC is."""
    return not zone or zone.startswith(_NOWHERE)


def find_numeric_order(zone: str, language: str | None = None) -> NumericOrder | None:
    """None where both orders are usual, or nothing tells.

    `language` is a tag of BCP 47. One with a region ("en-GB") decides; another one where the zone is nowhere, and
    against a zone where the order is another it makes both usual.
    """
    first, _, rest = (language or "").partition("-")
    region = rest.rpartition("-")[2]
    if region and not (len(region) == 4 and region.isalpha()):
        return _find_order_of_region(region)
    by_zone, by_language = _find_order_of_zone(zone), _find_order_of_language(first)
    if is_nowhere(zone):
        return by_language
    return by_zone if by_language in (None, by_zone) else None


def _find_order_of_region(region: str) -> NumericOrder | None:
    if region in _UNDECIDED_REGIONS:
        return None
    return "month first" if region in _MONTH_FIRST_REGIONS else "day first"


def _find_order_of_language(language: str) -> NumericOrder | None:
    if language in _MONTH_FIRST_LANGUAGES:
        return "month first"
    return "day first" if language in _DAY_FIRST_LANGUAGES else None


@cache
def _find_order_of_zone(zone: str) -> NumericOrder | None:
    if is_american(zone) or zone in _MONTH_FIRST:
        return "month first"
    if is_nowhere(zone) or is_canadian(zone) or zone in _UNDECIDED:
        return None
    return "day first" if zone.startswith(_CONTINENTS) else None

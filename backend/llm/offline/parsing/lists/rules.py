# llm/offline/parsing/lists/rules.py -- the patterns of clearing and canceling, and of questions about one's lists
import re

from dates import DateFinder, find_day
from llm.offline.parsing.intent_builders import IntentBuilder
from llm.offline.parsing.intents import Intent, Verb
from llm.offline.parsing.lists.names import find_list, read_list_name
from llm.offline.parsing.lists.questions import cut_date, parse_list_question
from llm.offline.parsing.patterns import compile_pattern
from llm.offline.parsing.time_references import read_time_reference

_ENDED = r"""
    (?:delete|remove|erase|cancel|clear|discard|scrap|trash|stop|dismiss|drop|forget|get rid of|turn off|wipe|kill)"""
_THINGS = "(?:reminders|tasks|to-?dos|to-?do'?s|items|entries|things|stuff)"
_DAYS_OWN = r"(?:today|tonight|tomorrow|(?:mon|tues|wednes|thurs|fri|satur|sun)day)'s"
_WHOLE = rf"(?:everything|anything|(?:all|each|every)(?: of)?(?: (?:the|my))?(?: {_THINGS})?)"
_ADDED_THEN = compile_pattern(r"\b(?:i|we|you)(?:'ve| have| just)* (?:set|made|created|added|put) $")
_NEW_LIST = r"""
    (?:(?:i|we) (?:want|need|would like|'d like) to )?
    (?:create|make|start|begin|set up|generate|build|new|(?:i|we) (?:want|need|would like|'d like)|(?:add
    |open)(?= an? | another ))(?: me)?
    (?: (?:an?|another|the|my|this|week's|new|separate|different|blank)){0,4}"""
_LOOSE = compile_pattern(r"""
    (?: ?\b(?:for|on|of|due|from|that|are|is|i|we|have|had|set|made|scheduled|only|please|the|rest|my|<list>|now|and
    |alarms|in|off|up)\b){0,8}[ .!?]*""")


def parse_clearing(m: re.Match[str], find_date: DateFinder) -> Intent:
    """ "Clear my shopping list", "delete everything on it"."""
    return Intent("delete", target="everything", list_name=read_list_name(m["list"]) if m["list"] else "")


def parse_cancel_all(m: re.Match[str], find_date: DateFinder) -> Intent | None:
    """ "Cancel all reminders for Tuesday": all, or those due then; None where more is said of them."""
    day = re.sub(r"['’]?s$", "", m["day"]) if m["day"] else ""
    tail = f"{day} {m['tail'] or ''}".rstrip()
    when = find_day(tail, find_date)
    if when and _ADDED_THEN.search(tail[: when.start]):
        return None  # when a task was added is not what it is due by
    rest = f"{tail[: when.start]}{tail[when.end :]}" if when else tail
    if _LOOSE.fullmatch(" ".join(rest.split())) is None:
        return None
    return Intent("delete", target="everything", due_day=when, list_name=find_list(tail) or "")


def parse_cancel_of_day(m: re.Match[str], find_date: DateFinder) -> Intent | None:
    """ "Cancel tomorrow's reminder": the one that is due then, which is asked for where several are."""
    text = (m["day2"] or re.sub(r"['’]s$", "", m["day"])).strip()
    when = find_day(text, find_date)
    if when is None or when.start > 0 or when.end < len(text) or not when.has_day:
        return None
    return Intent("delete", target="the reminder", due_day=when)


def parse_cancel_it(m: re.Match[str], find_date: DateFinder) -> Intent:
    return Intent("delete", target="it")


def parse_cancel_one(m: re.Match[str], find_date: DateFinder) -> Intent:
    """ "Cancel my reminder to call Bob tomorrow": the day is no word of its title."""
    if read_time_reference(phrase := f"the reminder for {m['target']}"):
        return Intent("delete", target=phrase)
    return Intent("delete", target=cut_date(m["target"], find_date))


def parse_deletion_from_list(m: re.Match[str], find_date: DateFinder) -> Intent:
    verb: Verb = (
        "complete"
        if m["verb"].lower().startswith(("check", "cross", "tick", "strike", "scratch"))
        else "delete"
    )
    return Intent(verb, target=m["target"], list_name=read_list_name(m["list"]))


def tell_of_lists(m: re.Match[str], find_date: DateFinder) -> Intent:
    return Intent("say", text="lists")


LIST_RULES: tuple[tuple[IntentBuilder, str], ...] = (
    (tell_of_lists, rf"""
        {_NEW_LIST} (?:to-? ?do )?(?:(?!(?:to|on|in|of|for|from|and)\b)[\w-]+(?:'s)? ){{0,3}}lists?
        (?: (?:for|called|named) .{{1,60}})?"""),
    (parse_clearing, rf"""
        {_ENDED}(?: out| off| up)?(?: {_WHOLE})?(?: (?:on|from|in|off|of))? (?P<list><list>)
        (?: of (?:everything|all(?: its)?(?: items)?))?"""),
    (parse_clearing, r"""
        (?:make|leave|set|get|blank|empty|purge|reset|clean)(?: out)? (?P<list><list>)
        (?: (?:blank|empty|clear|clean))?"""),
    (parse_cancel_all, rf"""
        (?:(?:i|we)(?:'d| would)?(?: just)? (?:want|need|like|have|wish) to )?{_ENDED}(?: out| off
        | up)?(?: everything (?:in|on|from))?(?: )
        (?:(?:all|every|each|single|any|both|these|those|the|my|our|of|existing|current|upcoming|pending|remaining|active|open
        |scheduled|old|other)(?: )){{0,5}}(?:(?P<day>{_DAYS_OWN}) )?
        (?:reminders|tasks|to-?dos|(?:to-?do|todo|task|reminder|list)s? (?:items|entries)
        |(?<=every )(?:reminder|task|to-?do)|(?<=each )(?:reminder|task|to-?do)|(?<=single )(?:reminder|task|to-?do))
        (?P<tail> .*)?"""),
    (parse_cancel_of_day, rf"""
        {_ENDED} (?:my |the )?(?P<day>{_DAYS_OWN}) (?:reminder|task|to-?do|event|meeting|appointment)
        |{_ENDED} (?:my|the|that) (?:reminder|task|to-?do) (?:(?:set|due|scheduled|i have|i set) )?(?:for 
        |on )?(?P<day2>.{{3,40}})"""),
    (parse_cancel_it, rf"{_ENDED} (?:(?:the|my|this|that|a) )?(?:reminder|task|to-?do)"),
    (parse_deletion_from_list, r"""
        (?P<verb><remove>|cancel|check off|cross off|cross out|tick off|strike off|scratch off) <T>(?: off)?(?: )
        (?:from|off of|off|on|in|out of) (?P<list><list>)"""),
    (parse_cancel_one, rf"""
        {_ENDED}(?: (?:the|my|that|this|a|our))? (?:reminder|task|to-?do)s?(?: )
        (?:to|for|about|of|on|that|regarding|with) <T>"""),
    (parse_list_question, r"(?P<all>.+)"),
)  # fmt: skip

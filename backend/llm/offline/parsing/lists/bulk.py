# llm/offline/parsing/lists/bulk.py -- requests that take in all that is done, due or on a list
import re

from dates import DateFinder, find_day
from llm.offline.parsing.intent_builders import IntentBuilder
from llm.offline.parsing.intents import Intent, Verb
from llm.offline.parsing.lists.names import read_list_name
from llm.offline.parsing.patterns import compile_pattern

_THINGS = "(?:tasks?|to-?dos?|things|stuff|items|entries|ones|reminders|chores|errands)"
_WHOLE = rf"""
    (?:everything|anything|whatever|what|(?:all|each|every)(?: of)?(?: (?:the|my))?(?: {_THINGS})?
    |(?:the|my) {_THINGS})"""
_THAT = "(?:(?: that| which)?(?: is| are|'s|'re| was| were)| (?:that|which)(?: i|'ve| have){1,2}| i(?:'ve| have)?)"
_AWAY = r"(?:<remove>|clear(?: out| away| off)?|wipe|purge|drop|throw (?:away|out)|cancel|archive|clean up)"
_OFF = "(?:complete|finish(?: off)?|close|(?:check|tick|cross|mark|strike|knock) off|mark|tick|check)"
_DELETING = compile_pattern(_AWAY)


def parse_done_away(m: re.Match[str], find_date: DateFinder) -> Intent:
    """ "Remove everything that's done"."""
    phrase = m["list"] or m["list2"]
    return Intent(
        "delete", target="all completed tasks", list_name=read_list_name(phrase) if phrase else None
    )


def parse_due(m: re.Match[str], find_date: DateFinder) -> Intent | None:
    """ "Complete everything due today"."""
    text: str = m["day"]
    when = find_day(text, find_date)
    if when is None or when.start > 0 or when.end < len(text):
        return None
    verb: Verb = "delete" if _DELETING.fullmatch(m["verb"]) else "complete"
    return Intent(
        verb, target="all tasks", due_day=when, list_name=read_list_name(m["list"]) if m["list"] else None
    )


def parse_gotten(m: re.Match[str], find_date: DateFinder) -> Intent:
    """ "I bought everything on my shopping list"."""
    return Intent("complete", target="everything", list_name=read_list_name(m["list"]))


def parse_no_longer(m: re.Match[str], find_date: DateFinder) -> Intent:
    """ "I don't need to call mom anymore": whether the task is to go is asked."""
    return Intent("delete", target=m["target"] or "", sure=False)


# Before those by which "I don't need ..." means that nothing is to be done.
NO_LONGER_RULES: tuple[tuple[IntentBuilder, str], ...] = (
    (
        parse_no_longer,
        r"""
        (?:i|we) (?:no longer (?:need|have|want) to <T>|(?:don't|do not) (?:need|have
        |want) to (?P<also>.+?) (?:any ?more|any longer))""",
    ),
)
BULK_RULES: tuple[tuple[IntentBuilder, str], ...] = (
    (parse_done_away, rf"""
        {_AWAY} {_WHOLE}(?: (?:on|from|in|off) (?P<list><list>))?{_THAT}(?: all| already)? <done>(?: already)?
        |{_AWAY} (?:(?:all|the|my|any|of|every|those)(?: )){{0,3}}(?:already )?<done> {_THINGS}
        (?: (?:on|from|in|off) (?P<list2><list>))?"""),
    (parse_due, rf"""
        (?P<verb>{_AWAY}|{_OFF}) {_WHOLE}(?: (?:on|from|in|off) (?P<list><list>))?{_THAT}? due(?: on| for)?(?: )
        (?P<day>.{{1,40}}?)(?: (?:as |off as )?<done>)?"""),
    (parse_gotten, rf"""
        (?:(?:ok|okay|so|and|yes|yay)[,!]? )?(?:i|we)(?:'ve| have)?(?: (?:just|now|already|finally)){{0,2}}(?: )
        (?:bought|got|gotten|purchased|picked up|packed|ordered|grabbed|did|done)(?: )
        {_WHOLE} (?:on|from|in|off) (?P<list><list>)"""),
)  # fmt: skip

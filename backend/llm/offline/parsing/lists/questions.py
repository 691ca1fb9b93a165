# llm/offline/parsing/lists/questions.py -- questions about one's lists and reminders
import re
from dataclasses import replace

from dates import DateFinder
from llm.offline.parsing.intent_builders import read_query
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.lists.names import find_list, read_list_name
from llm.offline.parsing.patterns import compile_pattern

_MINE = r"""
    (?:(?:my|our|the|all|any|these|those|current|upcoming|open|pending|active|latest|set|of|available)(?: )){0,4}
    (?:reminders?|to-? ?do'?s?|todo'?s?|to-dos|tasks?|things to (?:do|remember)|lists|agenda)"""
_NOW = r"""
    (?: (?:right now|now|already|yet|currently|at the moment|today|please|again|to me|for me|out loud|at all)){0,3}"""
_ENTRY = r"""
    (?:(?:an?|any|the|my|some)(?: ))?(?:(?:item|task|entry|reminder)(?: ))?(?:(?:called|named|for|about)(?: ))?"""
_SEEING = r"""
    (?:show|list|display|view|see|print|read|get|give|tell|open|check|review|find|hear|say|speak|recite|repeat|present|know
    |go over|go through|pull up|bring up|look at|look over|check out|run through|run down)\b"""

_ASKING = compile_pattern(rf"""
    (?:what|whats|which|when|how many|how much|how long|how full|how big|is|are|was|were|do|does|did|have|has|any
    |anything|if|whether|can i|may i
    |could i|my|the|all|upcoming|pending|current|{_SEEING})\b.*""")
_OWN_THINGS = compile_pattern(rf"""
    (?:\b(?:on|in|of|off|at|from|to) <list>|\b(?:my|our|the|all|available) (?:[\w-]+(?:'s)? )?lists?|\b{_MINE})
    (?![\w-])""")
_CHANGING = compile_pattern(r"""
    \b(?:(?<!i )(?<!we )(?:add|put)|delete|remove|clear|cancel|erase|create|make|move|rename|change|complete|finish
    |finished|mark|set up|start|new)\b""")
_ANYTHING = compile_pattern(
    r"(?:a lot|much|any(?:thing)?|some(?:thing)?|more|other|what|how many|there|everything|all|left|i)\b.*"
)
_TARGET = "(?P<target>.+?)"
_LIST = "(?P<list><list>)"
_CHECKS = tuple(
    compile_pattern(text)
    for text in (
        rf"""(?:if |whether )?(?:is|are|was|were) (?:there )?{_ENTRY}{_TARGET}(?: (?:already|still|now|listed))?(?: )
        (?:on|in|one of|part of|among) {_LIST}(?: (?:items?|tasks?|things))?{_NOW}\??""",
        rf"""(?:if|whether|that) {_ENTRY}{_TARGET} (?:is|are|was|were)(?: already| still)?(?: )
        (?:on|in) {_LIST}{_NOW}\??""",
        rf"""(?:if |whether )?(?:(?:do|did|have|had|has) )?(?:i|we) (?:already |ever |also |still )?
        (?:have|has|put|add|added|include|included|write|wrote|got|get|list|listed|placed?) {_ENTRY}{_TARGET}(?: )
        (?:on|in|to|onto) {_LIST}{_NOW}\??""",
        rf"on {_LIST},? (?:is|are|do i have|did i put)(?: there)? {_ENTRY}{_TARGET}{_NOW}\??",
        rf"""(?:if |whether )?(?:did|have) (?:i|we) (?:already )?
        (?:set|create|created|make|made|have|add|added)(?: up)?(?: (?:an?|the|any|my))? (?:reminders?|tasks?)(?: )
        (?:to|for|about|of|that) {_TARGET}(?: (?:on|in|to) {_LIST})?{_NOW}\??""",
        rf"""(?:does|do|did) {_LIST} (?:already |still )?(?:have|include|contain|show|say|list) {_TARGET}
        (?: (?:on|in) it)?{_NOW}\??""",
        rf"""(?:has|have|had|was|were) {_TARGET} (?:already )?(?:been )?(?:added|put|placed|written)(?: down)?(?: )
        (?:to|on|onto|in) {_LIST}{_NOW}\??""",
        rf"(?:have|do) you (?:got|have) {_TARGET} on {_LIST}{_NOW}\??",
        rf"(?:did|have) you (?:already )?(?:add|added|put|include|included) {_TARGET} (?:to|on|in) {_LIST}{_NOW}\??",
        rf"(?:do|must) (?:i|we) (?:still |already )?need to (?:buy|get|pick up) {_TARGET}\??",
        rf"""(?:did|have) (?:i|we) (?:already )?(?:tell|told|ask|asked) you to remind (?:me|us)(?: )
        (?:to|about|of) {_TARGET}\??""",
        rf"""(?:{_SEEING}(?: me| us| out| up)? |what(?:'s| is| was) |when(?:'s| is) )(?:my |the |that )
        (?:reminder|task|to-?do) (?:to|for|about|of|that) {_TARGET}\??""",
    )
)
_POSSESSIVE = compile_pattern(
    r"^(?:today|tonight|tomorrow|(?:mon|tues|wednes|thurs|fri|satur|sun)day)'s (?=\w)"
)
_LIST_ALONE = compile_pattern(r"\b(?:my|the|our) (?:[\w-]+(?:'s)? )?list\b")
_ON_LIST = compile_pattern(r"(?: (?:on|in|of|off|at|from|to))? <list>(?![\w-])")
_COUNTING = compile_pattern(r"(?:so )?how (?:many|much|long|full|big)\b")


def parse_list_question(m: re.Match[str], find_date: DateFinder) -> Intent | None:
    """A question about a list, or the wish to see one: what is on it, or whether one thing is."""
    text: str = m[0]
    for pattern in _CHECKS:
        if (found := pattern.fullmatch(text)) and not _ANYTHING.fullmatch(found["target"]):
            phrase = found.groupdict().get("list")
            target = cut_date(found["target"], find_date)
            return Intent("check", target=target, list_name=read_list_name(phrase) if phrase else "")
    if not _ASKING.fullmatch(text) or not _OWN_THINGS.search(text) or _CHANGING.search(text):
        return None
    name = find_list(text)
    if name is None and (named := _LIST_ALONE.search(text)):
        name = read_list_name(named[0])
    query = read_query("count" if _COUNTING.match(text) else "show", _ON_LIST.sub(" there", text), find_date)
    return replace(query, list_name=name or "")


def cut_date(text: str, find_date: DateFinder) -> str:
    """The text without its date, unless the date is all of it."""
    text = _POSSESSIVE.sub("", text)
    when = find_date(text)
    return f"{text[: when.start]} {text[when.end :]}".strip(" ,") or text if when else text

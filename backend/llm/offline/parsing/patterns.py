# llm/offline/parsing/patterns.py -- regular expressions for English, with names for what comes up again and again
import re

_ADVERBS = "(?:(?:just|already|finally|now|also|actually|both|all) )*"
_NAMES = {
    "T": "(?P<target>.+?)",
    "X": "(?P<text>.+)",
    "list": "(?:my|the|our|this) (?:(?:to-?do|to do|task|shopping|grocery) )?(?:list|tasks|to-?dos)",
    "thing": "(?:these(?= ?:)|following(?= ?:)|tasks?|to-?dos?|reminders?|items?|things?|entry|entries)",
    "done": "(?:done|completed?|finished|ticked off|checked off)",
    "note": "(?:notes?|descriptions?|comments?|details?)",
    "called": "(?: (?:called|named|titled|saying|that says|which says|to|for|about|of))?",
    "really": "(?:really |still |also |just |probably |definitely )*",
    "due": "(?:due date|deadline|date|day)",
    "I": f"(?P<self>(?:i|we)(?:'ve| have|'d)? ){_ADVERBS}",
    "remove": "(?:delete|remove|erase|discard|scrap|trash|bin|get rid of|take off|strike out)",
    "change": "(?:set|change|update|edit|make|replace|rewrite)",
    "find": "(?:(?:show|list|display|view|see|print|read|get|give|tell|open|check|review|find|fetch|search"
    "|pull up|bring up|go through)(?: me| us| out| for| through)* )",
    "which": "(?:(?:all|my|the|our|of|any|every|each|open|done|completed|finished|pending|remaining"
    "|unfinished|outstanding|undone|current|incomplete|active|overdue|late|today's|tomorrow's|whole|entire|full|latest|urgent|only"
    "|just) )*",
    "tasks": "(?:tasks?|to-?dos?|to do'?s?|to-?do list|to do list|task list|list|items|reminders|ones"
    "|things to do|chores)",
    "tail": "(?: (?:that|which|with|about|containing|matching|mentioning|regarding|related|for|due|on|i|left"
    "|still|open|done|completed|finished|named|called|including|not|again|now|today|tomorrow|this|next|so far"
    r"|yet|remaining|pending|are|do|have)\b.*)?",
}


def pattern(text: str) -> re.Pattern[str]:
    """A pattern in which <T>, <done> and so on stand for their meaning and apostrophes may be left out.

    It may be written on several lines: line ends and the indentation after them are no part of it.
    """
    text = re.sub(r"\n\s*", "", text)
    text = re.sub(r"(?<!P)<(\w+)>", lambda m: _NAMES[m[1]], text)
    return re.compile(text.replace("'", "['’]?"), re.IGNORECASE | re.DOTALL)

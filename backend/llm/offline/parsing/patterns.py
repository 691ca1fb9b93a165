# llm/offline/parsing/patterns.py -- compiles regular expressions for English from patterns with named parts
import re

_ADVERBS = "(?:(?:just|already|finally|now|also|actually|both|all) )*"
_PARTS = {
    "T": "(?P<target>.+?)",
    "X": "(?P<text>.+)",
    "list": r"(?:my|the|our|this) (?:[\w-]+(?:'s)? )?(?:list|tasks|to-?dos)",
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


# An escaped character, a class of characters, or an apostrophe.
_WRITTEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*+(?:\]|\Z)|'", re.DOTALL)


def compile_pattern(text: str) -> re.Pattern[str]:
    """Compile a pattern in which <T>, <done> and so on stand for the parts above; every apostrophe is optional.

    One in a class of characters stands for both that people type. Line ends and the indentation after them do not
    count.
    """
    text = re.sub(r"\n\s*", "", text)
    text = re.sub(r"(?<!P)<(\w+)>", lambda m: _PARTS[m[1]], text)
    return re.compile(_WRITTEN.sub(_write_apostrophe, text), re.IGNORECASE | re.DOTALL)


def _write_apostrophe(m: re.Match[str]) -> str:
    if m[0] == "'":
        return "['’]?"
    return m[0].replace("'", "'’") if m[0].startswith("[") and "’" not in m[0] else m[0]

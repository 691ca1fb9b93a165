# llm/offline/parsing/done_queries.py -- questions about what was done or due on days that are over
import re

from dates import DateFinder
from dates.past import find_past
from llm.offline.parsing.intent_builders import IntentBuilder
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.lists.names import MENTION, find_list
from llm.offline.parsing.patterns import compile_pattern

_THINGS = "(?:tasks?|to-?dos?|things?|stuff|items?|chores?|errands?|reminders?|ones)"
_FINISHED = r"""
    (?:finish(?:ed)?|completed?|do|did|done|get done|got done|gotten done|got(?:ten)? through
    |(?:check|tick|cross|mark)(?:ed)?(?: .{1,20})? off|accomplish(?:ed)?|achieved?|closed?
    |taken? care of|took care of)"""
_PAST_FORMS = r"""
    (?:finished|completed|done|got done|gotten done|accomplished|achieved|closed|(?:checked|ticked|crossed) off
    |taken care of)"""
_I = "(?:(?:have|did|had) )?(?:i|we)(?:'ve| have| had)?(?: (?:already|actually|all|even|manage to|managed to)){0,2}"
_COUNTING = compile_pattern(r"how (?:many|much)\b")
_DUE = compile_pattern(r"\b(?:due|overdue|scheduled|planned|supposed|have to|had to|need(?:ed)? to|on my)\b")
_ABOUT = compile_pattern(r"\b(?:about|regarding|related to|for) (?P<about>[^,]{1,60})$")


def parse_done_query(m: re.Match[str], find_date: DateFinder) -> Intent | None:
    """ "What did I finish last week": nothing, where no day that is over is named."""
    text: str = m[0]
    past = find_past(text, "en")
    is_due = _DUE.search(MENTION.sub("", text)) is not None
    if past is None or (is_due and not past.is_sure):
        return None
    rest = MENTION.sub("", f"{text[: past.start]}{text[past.end :]}").strip(" ?")
    about = _ABOUT.search(rest)
    return Intent(
        "count" if _COUNTING.match(text) else "show",
        text=about["about"] if about else None,
        completed=None if is_due else True,
        past=past,
        list_name=find_list(text),
    )


DONE_RULES: tuple[tuple[IntentBuilder, str], ...] = (
    (parse_done_query, rf"""
        (?:<find>)?(?:(?:what|which)(?:ever)?(?: else)?|everything|all|anything|how (?:many|much))(?: of)?
        (?: (?:the|my))?(?: {_THINGS})?(?: (?:that|which))?(?: (?:on|from|in|off) <list>)?
        (?: {_I} {_FINISHED}|(?: (?:was|were|got|has been|have been|is|are))? {_PAST_FORMS})\b.{{0,80}}"""),
    (parse_done_query, rf"""
        (?:did|have) (?:i|we) (?:already )?{_FINISHED} (?:any(?:thing)?|some(?:thing)?|much|a lot|many)\b.{{0,80}}"""),
    (parse_done_query, r"""
        what (?:else )?(?:was|were|did (?:i|we) have)(?: (?:on <list>|due|to do|planned|scheduled
        |supposed to .{1,20})){1,2}\b.{0,60}"""),
    (parse_done_query, r"""
        what (?:was|were) (?:i|we) supposed to (?:do|finish|get done)\b.{0,60}"""),
    (parse_done_query, rf"""
        (?:<find>)?(?:(?:all|my|the|our)(?: )){{0,3}}(?:{_FINISHED} {_THINGS}
        |{_THINGS} (?:(?:that|which) )?(?:(?:were|was|got|i) )?{_FINISHED})\b.{{0,80}}"""),
)  # fmt: skip

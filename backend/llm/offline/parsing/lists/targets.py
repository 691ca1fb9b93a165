# llm/offline/parsing/lists/targets.py -- the list and the day in a phrase that names tasks
from dataclasses import replace

from dates import DateFinder, find_day
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.lists.names import read_list_name
from llm.offline.parsing.patterns import compile_pattern
from llm.offline.parsing.task_references import parse_reference

_MAX_CHARACTERS = 500  # of a phrase that is looked at
_NARROWED = frozenset(["complete", "reopen", "delete", "move", "note", "describe", "rename"])
_WHOLE = frozenset(["complete", "reopen", "delete", "move"])
_LIST_BEHIND = compile_pattern(r" (?:on|in|from|off of|off|of) (?P<list><list>)$")
# "Finish the shopping list": what is on it.
_LIST_ITSELF = compile_pattern(r"(?:(?:all|everything)(?: of)? )?(?P<list>(?=.* list$)<list>)")
_REMINDER = compile_pattern(r"(?:my|the|that|this) (?:reminder|task|to-?do)")
_DUE = compile_pattern(
    r"(?: (?:that (?:is|are)|which (?:is|are)|due|set|scheduled|planned|for|from|of|on)){0,3}$"
)
_DAYS_OWN = compile_pattern(r"""
    (?:all )?(?:of )?(?P<day>today|tonight|tomorrow|(?:mon|tues|wednes|thurs|fri|satur|sun)day)'s(?: )
    (?P<what>tasks|things|to-?dos|reminders|items|stuff)""")


def narrow_target(intent: Intent, find_date: DateFinder) -> Intent:
    """The intent whose target says no more on which list or for which day the tasks are: the slots do."""
    target = intent.target[:_MAX_CHARACTERS]
    if intent.verb not in _NARROWED or not target:
        return intent
    if _REMINDER.fullmatch(target) and intent.due_day is None:
        return replace(intent, target="it")
    if m := _LIST_BEHIND.search(target):
        target = target[: m.start()]
        intent = replace(intent, target=target, list_name=read_list_name(m["list"]))
    elif (
        intent.verb in _WHOLE
        and (m := _LIST_ITSELF.fullmatch(target))
        and (name := read_list_name(m["list"]))
    ):
        return replace(intent, target="everything", list_name=name)
    if m := _DAYS_OWN.fullmatch(target):
        return replace(intent, target="all tasks", due_day=find_date(m["day"]))
    when = find_day(target, find_date)
    if when is None or when.start == 0 or when.end < len(target):
        return intent
    rest = _DUE.sub("", target[: when.start].rstrip())
    if parse_reference(rest).kind != "all":
        return intent
    return replace(intent, target=rest, due_day=when)

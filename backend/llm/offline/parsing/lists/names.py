# llm/offline/parsing/lists/names.py -- how people name a list of theirs, and the one form that the patterns know
import re

from llm.offline.parsing.patterns import compile_pattern

_PLACE = r"(?:\b(?P<place>on|onto|to|in|into|from|off of|off|of|at) )?"
_WHOSE = r"(?:all of my|all my|all the|my|the|our|this|that|your|an?)"
_ADJECTIVES = r"(?:(?:new|current|whole|entire|own|big|daily|present) ){0,3}"
_TASKS = r"""
    (?:to-? ?do'?s?|todo'?s?|to-dos|tasks?|reminders?|agenda|calendar|schedule|planner|need to do|things to do
    |activities)"""
_KNOWN = r"(?:shopping(?: cart| basket)?|grocer(?:y|ies)(?: shopping)?|pick up|packing|wish|chores?|errands?|bucket)"
_LIST = r"(?:lists?|lisr|lsit|lits)"
_DOING = r"(?:do|remember|finish|accomplish|complete|get done|be done|take care of)"
_BUYING = r"(?:buy|get|pick up|purchase)"
_I_HAVE_TO = r"(?:(?:i|we) (?:have|need|want|ought|got|plan) to |to |that need to )?"
# "list of things to buy", "list for shopping", "list of chores"
_TAIL = rf"""
    (?P<tail> (?:of|for) (?:(?:my|the|all|our)(?: )){{0,2}}(?:
    (?P<to_buy>(?:things|stuff|items|groceries|food) {_I_HAVE_TO}{_BUYING}|shopping)
    |(?P<to_do>(?:things|stuff|items|tasks|everything) {_I_HAVE_TO}{_DOING}|to-? ?do'?s?|to-dos|tasks|reminders?|things
    |activities|agenda)
    |(?P<chores>chores?|housework|errands?|groceries|grocery shopping))(?![\w-]))?"""
_NAMED = compile_pattern(rf"""
    {_PLACE}\b(?:(?P<whose>{_WHOSE})(?: ))?{_ADJECTIVES}(?:(?P<known>{_TASKS}|{_KNOWN})(?: ))?{_LIST}\b{_TAIL}""")
_OWN = compile_pattern(rf"""
    \b(?P<place>on|onto|to|in|into|from|off of|off|of) (?P<whose>my|the|our|this)(?: ){_ADJECTIVES}
    (?P<name>(?:(?!(?:to|on|in|of|for|from|and|my|the|our|a)\b)[\w-]+(?:'s)?(?: )){{1,4}}?){_LIST}\b""")
_NOUN = compile_pattern(rf"""
    \b(?P<place>on|onto|to|in|into|from|off of|off|of) (?P<whose>my|the|our)(?: ){_ADJECTIVES}
    (?P<noun>to-? ?do'?s|todo'?s?|to-dos|tasks|reminders|agenda|calendar|schedule|planner|chores|errands|groceries
    |grocery|shopping
    |shopping cart|cart|basket)(?= |$|[,.;:!?])(?! (?:list|lisr)\b)""")
JOINER = "\u02cd"  # stands for a space within a name: a letter to the patterns, and nothing that is typed
_SAME = {
    "chore": "chores",
    "errand": "errands",
    "housework": "chores",
    "groceries": "grocery",
    "grocery shopping": "grocery",
    "shopping cart": "shopping",
    "shopping basket": "shopping",
    "cart": "shopping",
    "basket": "shopping",
}
_MAIN = compile_pattern(
    rf"(?:{_TASKS}|main|my|list|lists|item|items|general|default|whole|entire|new|current)"
)
_NAME = compile_pattern(
    r"(?:(?:my|the|our|this|that|your|an?) )?(?:(?P<name>[\w-]+(?:'s)?) )?(?:lists?|tasks|to-?dos)"
)
MENTION = compile_pattern(r"\b(?:on|onto|to|in|into|from|off|off of|of|for) (?P<list><list>)(?![\w-])")

LIST_PLACE = compile_pattern(r"(?:^|,? )(?:to|on|onto|in|into) (?P<list><list>)(?![\w-])")


def simplify_lists(text: str) -> str:
    """The text with each list of the person as "my list" or "my NAME list", NAME one word without spaces.

    "to my list of things to do" becomes "to my list", "on the list for shopping" "on the shopping list", "from our
    Trader Joe's list" "from our TraderˍJoe's list". "A list of guests" is no list of tasks and stays.
    """
    return _OWN.sub(_write_own, _NOUN.sub(_write_noun, _NAMED.sub(_write_named, text)))


def _write_named(m: re.Match[str]) -> str:
    if not m["place"] and (m["whose"] or "").lower() in ("", "a", "an"):
        return m[0]
    name = m["known"] or ""
    if m["to_buy"] or m["chores"]:
        name = "shopping" if m["to_buy"] else m["chores"]
    return _write(m["place"], m["whose"], name)


def _write_noun(m: re.Match[str]) -> str:
    return _write(m["place"], m["whose"], m["noun"])


def _write_own(m: re.Match[str]) -> str:
    return _write(m["place"], m["whose"], m["name"].strip())


def _write(place: str | None, whose: str | None, name: str) -> str:
    name = _SAME.get(name.lower(), name)
    name = "" if not name or _MAIN.fullmatch(name) else f"{name.replace(' ', JOINER)} "
    whose = whose if whose and whose.lower() in ("my", "the", "our", "this") else "my"
    return f"{place + ' ' if place else ''}{whose} {name}list"


def restore_spaces(text: str) -> str:
    """The text with the words of a list's name apart again."""
    return text.replace(JOINER, " ")


def read_list_name(phrase: str) -> str:
    """The name in "my TraderˍJoe's list"; empty for the main list."""
    m = _NAME.fullmatch(phrase.strip())
    name = (m and m["name"]) or ""
    return "" if not name or _MAIN.fullmatch(name) else restore_spaces(name)


def find_list(text: str) -> str | None:
    """The name of the list that the text mentions last; empty for the main list, None without a mention."""
    found = None
    for m in MENTION.finditer(text):
        found = m
    return read_list_name(found["list"]) if found else None

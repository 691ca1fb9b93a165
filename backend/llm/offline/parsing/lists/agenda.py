# llm/offline/parsing/lists/agenda.py -- questions about one's day, about meetings, and about what one needs to buy
import re
from dataclasses import replace

from dates import DateFinder, find_day
from llm.offline.parsing.intent_builders import IntentBuilder, format_new_title, read_query
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.lists.names import find_list, read_list_name
from llm.offline.parsing.patterns import compile_pattern
from llm.offline.parsing.time_references import read_time_reference

_GENERAL = (
    r"(?:reminders?|alerts?|tasks?|to-?dos?|things?|events?|items?|entry|entries|plans?|anything|something)"
)
_KIND = r"""
    (?:meetings?|appointments?|calls?|part(?:y|ies)|interviews?|conferences?|lunch(?:es)?|dinners?|breakfast|brunch|dates?
    |deadlines?|errands?|chores?|exams?|tests?|lessons?|class(?:es)?|practice|trips?|flights?|visits?|check-?ups?|birthdays?)"""
_SET = r"(?: (?:already|set|set up|planned|scheduled|coming up|due|going on|listed|saved|lined up)){0,2}"
_LINK = r"(?:to|for|about|called|named|regarding|with|of|that says|saying|at|on)"
_DAY = compile_pattern(r"(?:day|week|weekend|month|morning|afternoon|evening)\b")
_LIKE = compile_pattern(r" (?:look(?:s|ing)? )?like\b")
_OUTSIDE = compile_pattern(
    r"\b(?:weather|traffic|news|flight status|account|bank|balance|order|temperature)\b"
)


def parse_event_question(m: re.Match[str], find_date: DateFinder) -> Intent | None:
    """ "Do I have a meeting today", "is there a reminder to buy milk": what it is about narrows the answer."""
    text: str = m["rest"] or ""
    when = find_day(text, find_date)
    words = f"{text[: when.start]} {text[when.end :]}" if when else text
    listed = find_list(text)
    about = _ON_LIST.sub("", f" {' '.join(words.split())}").strip(" ?,.")
    about = _WISHED.sub("", _LOOSE_END.sub("", _LINKED.sub("", about)))
    if m["general"] and _TO_DO.fullmatch(about):
        about = ""
    if m["general"] and about and when is None:
        return Intent("check", target=about, list_name=listed)
    kind = m["kind"] or ""
    kind = kind.removesuffix("s") if kind.lower().endswith("s") and not kind.lower().endswith("ss") else kind
    found = " ".join(part for part in (kind if not about else "", about) if part)
    return Intent("show", text=found or None, completed=False, when=when, list_name=listed)


_STATES = "(?:already|set(?: up)?|planned|scheduled|coming up|due|going on|listed|saved|lined up)"
_LINKED = compile_pattern(rf"^(?:{_STATES}(?: |$)){{0,3}}(?:{_LINK}(?: |$))?")
_LOOSE_END = compile_pattern(rf"(?:(?:^| )(?:{_STATES}|{_LINK})){{1,4}}$")
_WISHED = compile_pattern(r"""
    ^(?:that |which )?(?:i|we)(?:'m)? (?:should|need|needed|want|wanted|have|had|must|am|ought|might)\b.*""")
_TO_DO = compile_pattern(
    r"(?:do|remember|finish|get done|take care of|complete)(?: (?:yet|still|left|anything|something))?"
)
_ON_LIST = compile_pattern(r"(?: ?(?:on|in))? <list>")


def parse_day_question(m: re.Match[str], find_date: DateFinder) -> Intent | None:
    """ "What's my schedule like today", "am I free on Friday": what is due then."""
    text = _LIKE.sub("", m[0])
    if _OUTSIDE.search(text):
        return None
    named = _DAY.search(m["day"] or "") if m.groupdict().get("day") else None
    day = f"this {named[0]}" if named and named[0] != "day" else "today" if named else ""
    when = find_day(text, find_date) or (find_day(day, find_date) if day else None)
    return Intent("show", completed=False, when=when)


def parse_buying_question(m: re.Match[str], find_date: DateFinder) -> Intent:
    """ "What do I need to buy": the shopping list, or else what has to be bought."""
    first = Intent("show", completed=False, list_name="shopping")
    return replace(first, alternatives=(Intent("show", completed=False, text="buy"),))


def parse_wanted_question(m: re.Match[str], find_date: DateFinder) -> Intent:
    return Intent("show", completed=False, when=find_day(m[0], find_date), list_name=find_list(m[0]))


def parse_check(m: re.Match[str], find_date: DateFinder) -> Intent:
    return Intent("check", target=m["target"])


def parse_exchange(m: re.Match[str], find_date: DateFinder) -> Intent:
    """ "Change milk to cream on my list": of a title that has more words these alone, after a question."""
    phrase, text = m["list"], format_new_title(m["text"])
    return Intent(
        "rename", target=m["target"], text=text, list_name=read_list_name(phrase), replaced=m["target"]
    )


_I_HAVE = r"""
    (?:(?:if|whether) (?:i|we)(?:'ve)?|(?:(?:if|whether) )?(?:do|did|have|has) (?:i|we))(?: (?:already|still))?
    (?: (?:have|got|had|set|made))?(?: got)?"""
_STORE = r"(?:(?: (?:at|from|in|for)) (?:the )?(?:store|shop|market|supermarket|grocery store|groceries|shopping))?"


def parse_time_question(m: re.Match[str], find_date: DateFinder) -> Intent | None:
    """ "When is my next meeting", "the last reminder": the one that is meant."""
    target: str = m["target"]
    return Intent("check", target=target) if read_time_reference(target) else None


def parse_seeing(m: re.Match[str], find_date: DateFinder) -> Intent | None:
    """ "Let me see my reminders", "shopping list please"."""
    phrase, name = m["list"] or "", (m["name"] or "").strip().lower()
    is_asked = m["lead"] or name in ("shopping", "grocery") or not _USUAL.fullmatch((m["see"] or "").strip())
    when = find_day(m["rest"] or "", find_date)
    if not is_asked or (m["rest"] and when is None and not _PLEASE.fullmatch(m["rest"])):
        return None
    query = read_query("show", m[0] if not phrase else "", find_date)
    listed = "shopping" if name in ("shopping", "grocery") else None
    if phrase.endswith("list"):
        listed = read_list_name(phrase)
    state = query.completed if _EVERY.search(m[0]) or query.completed else False
    return replace(query, completed=state, text=None, when=when, past=None, list_name=listed)


_USUAL = compile_pattern(r"(?:<find>)?|.*\b(?:show|list|see|view|read|get|open|check|review|find|go through)")
_EVERY = compile_pattern(r"\b(?:all|every|whole)\b")
_PLEASE = compile_pattern(r"""
    (?: (?:please|now|again|right now|for me|to me|out loud|so far|at the moment|that i have|i have))*""")
_SEE = r"""
    (?:see|hear(?: about)?|view|look(?: up| at| over| through)?|pull(?: up)?|check(?: on| for| out| over)?|get|have
    |open(?: up)?
    |name|announce|recite|spit out|say|use|go(?: to| over| through| back over)?|know|read|bring up|review|list|show
    |display|find|retrieve|access|present|print
    |(?:give me )?(?:an? )?(?:rundown|run down|list|summary|overview) of)"""


AGENDA_RULES: tuple[tuple[IntentBuilder, str], ...] = (
    (parse_time_question, r"""
        (?:(?:what|when|which|what time|what day)(?:'s| is| was| are| were) |<find>)?(?P<target>(?:my|the|our) .{1,80}?)
        (?: (?:due|scheduled|set for|for|about|again|called))?\??"""),
    (parse_event_question, rf"""
        (?:{_I_HAVE}|(?:(?:if|whether) )?(?:is|are|was|were) there|(?:have|has) (?:i|we) got|any)(?: )
        (?:(?:an?|any|some|another|more|other|a new|upcoming)(?: )){{0,2}}
        (?:(?P<general>{_GENERAL})|(?P<kind>(?:(?!(?:an?|the
        |my)\b)[\w'-]+ )?{_KIND}))(?![\w-])(?P<rest>{_SET}(?: .{{1,120}})?)\??"""),
    (parse_day_question, r"""
        (?:what(?:'s| is| does)|how(?:'s| is| does)) (?:my|our|the) (?P<day>(?:day|week|weekend|morning|afternoon
        |evening|schedule
        |calendar|agenda|(?:[\w'-]+ )?list|diary|itinerary)) (?:look(?:ing|s)?(?: like)?|like)\b.{0,40}"""),
    (parse_day_question, r"""
        (?:<find>|what(?:'s| is| are) |how about )?(?:my|our|the) (?:(?:full|whole|daily|current) )?(?:schedule
        |calendar|agenda|diary
        |plans|itinerary|appointments|meetings)(?: (?:for|on|today|tonight|tomorrow|this|next)\b.{0,40}| please
        | look(?:s)? like.{0,30})?\??"""),
    (parse_day_question, r"""
        what(?:'s| is| do i have| have i got| do we have) (?:coming up|going on|happening|scheduled|planned|lined up
        |up next
        |on the agenda|up)(?: (?:for me|for us|on my end))?(?: (?:for|on|today|tonight|tomorrow|this|next|at
        |in)\b.{0,40})?\??"""),
    (parse_day_question, r"""
        (?:am|are) (?:i|we) (?:free|busy|available|booked)(?: up)?(?: (?:at|for|on|today|tonight|tomorrow|this|next
        |in)\b.{1,40}| today| tomorrow
        | tonight)\??"""),
    (parse_seeing, rf"""
        (?P<lead>(?:remind (?:me|us)|how|what) (?:of|about) |can we |(?:i|we) must |(?:i|we)(?:'d| would)?(?: just
        | really)? (?:want|need|like|love
        |wish)(?: you)?(?: to)? |let me 
        |let us |let's |can i
        |may i |could i )?(?P<see>{_SEE} )?(?:me |us )?(?:(?:(?:all|any|all of)(?: ))?(?P<list><list>)
        |(?:(?:all|the|my|our|any|of|current|upcoming|pending|open|saved|daily
        |available)(?: )){{0,4}}(?P<name>(?:shopping
        |grocery|reminder|task|to-?do) )?
        (?:reminders|lists?|tasks|to-?dos|items))(?P<rest>(?: .{{1,60}})?)"""),
    (parse_wanted_question, r"""
        (?:i (?:forgot|forget|can't remember|don't remember) )?what (?:did|have|had) (?:i|we) (?:tell|told|ask|asked
        |want|wanted) you to(?: )
        remind (?:me|us)(?: (?:of|about|to do|for))?\b.{0,40}
        |(?:<find>)?(?:what|which|anything|is there anything|do you have anything)\b.{0,60}\b(?:remind(?:ing)? (?:me
        |us)|reminded|reminding)
        (?: (?:of|about|to do|for))?(?: (?:today|tomorrow|this|next|on|again).{0,20})?\??
        |what (?:things |tasks |else )?(?:am|are) (?:i|we) supposed to (?:be doing|do|finish|remember)\b.{0,30}
        |what (?:else )?(?:still )?needs (?:doing|to be done|to get done|to be finished)\b.{0,30}
        |what (?:are )?(?:my )?(?:jobs|responsibilities|duties|obligations)\b.{0,40}|what did (?:i|we) say (?:i
        |we) (?:needed|wanted|had) to do\??
        |where(?:'s| is| are) <list>\??
        |what (?:am|have|did) (?:i|we) (?:forgetting|forgotten|forget|missing|missed|miss)(?: .{0,20})?
        |(?:did|have) (?:i|we) (?:already )?(?:finish|finished|complete|completed|done|do) (?:everything on |all of 
        |all )?<list>\??
        |i (?:forgot|forget|can't remember|don't remember) what (?:i|we) (?:told|asked|wanted) you to remind (?:me
        |us)\b.{0,40}"""),
    (parse_buying_question, r"""
        what did (?:i|we) say (?:i|we) (?:needed|wanted|had) to (?:buy|get)\??|what (?:am|are) (?:i|we) (?:buying
        |getting|shopping for|out of|low on)(?: (?:at|from
        |in) the .{1,20})?(?: today| tomorrow)?\??"""),
    (parse_buying_question, rf"""
        what (?:(?:stuff|things?|items?|groceries|food|else|other things) )?(?:do|did|should|must|have) (?:i|we)(?: )
        (?:(?:still|also) )?(?:(?:need|have|want|got|wanted|needed)(?: to)? )?(?:buy|purchase|shop for|pick up|get)
        {_STORE}(?: today| tomorrow| this week| next)?\??
        |what (?:(?:stuff|things?|items?|groceries|food|else) )?do (?:i|we) (?:still )?need(?: to (?:buy|get|pick up))?
        (?: (?:at|from|in)) (?:the )?(?:store|shop|market|supermarket|grocery store)\??
        |what (?:groceries|food) do (?:i|we) (?:still )?need\??"""),
    (parse_wanted_question, r"""
        what (?:are|were|is) (?:the |all the )?(?:things|stuff|tasks|items|everything)(?: that)? (?:i|we)(?:'d| had
        | have)?(?: )
        (?:wanted|needed|need|want|have|got|supposed|planned)(?: to)? (?:do|remember|get done|finish|take care of
        |be reminded of)
        \b.{0,40}"""),
    (parse_check, r"""
        what (?:time|day|date)(?:'s| is| are| was| do i have) (?:my|our) (?!(?:next|last|first)\b
        |.*\breminders?\b)<T>(?: (?:at|on|due|again|scheduled))?\??
        |(?:do|must) (?:i|we) still (?:have to|need to|need|have) (?P<also>.+?)\??"""),
    (parse_exchange, r"""
        (?:change|replace|swap|switch|exchange|substitute|edit|update|rename) <T> (?:out )?(?:to|with|for|into|by)(?: )
        (?P<text>.{1,100}?) (?:on|in) (?P<list><list>)"""),
)  # fmt: skip

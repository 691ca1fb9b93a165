# llm/offline/parsing/reminders.py -- what people say to be reminded of a task, or not any more, and of what repeats
import re
from dataclasses import replace
from datetime import timedelta

from dates import DateFinder, find_lead_time
from llm.offline.parsing.clauses import Clause, Piece
from llm.offline.parsing.intent_builders import IntentBuilder, build_intent
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.lists.questions import cut_date
from llm.offline.parsing.patterns import compile_pattern
from llm.offline.parsing.task_titles import parse_drafts

_IT = compile_pattern(r"""
    (?:(?:about|of|for)(?: ))?(?:it|that|this|then|time|(?:the|its) (?:due (?:date|time)|deadline|time|start|event)
    |it(?:'s| is) due|it (?:starts|begins))?""")
_ABOUT = compile_pattern(r"(?:about|of|for|regarding) ")
_WITH_REMINDER = compile_pattern(r",? with an? reminder(?P<lead>(?: .{1,40})?)$")
_MAX_ENDING = 80  # characters of a clause in which that is looked for
_OWN = compile_pattern(r"(?:that )?(?:i|we)(?:'ve)? (?:have|got|must be at|need to be at)(?: )")


def parse_lead_time(m: re.Match[str], find_date: DateFinder) -> Intent | None:
    """ "Remind me an hour before", with what it is before behind it, or in front after "about"."""
    text: str = m["text"]
    lead = find_lead_time(text)
    if lead is None:
        return None
    front, behind = text[: lead.start].strip(" ,"), _OWN.sub("", text[lead.end :].strip(" ,.!"), count=1)
    if _ABOUT.match(front) and (_IT.fullmatch(behind) or _is_same(behind, front)):
        target = _ABOUT.sub("", front, count=1)
    elif _IT.fullmatch(front):
        target = "it" if _IT.fullmatch(behind) else behind
    else:
        return None
    # "An hour before the dentist" is of a task that is there, or has a date.
    is_whole = find_date(target) or (target != "it" and _ABOUT.match(front))
    drafts = parse_drafts(Clause("wish", (Piece("\n", target),)), find_date) if is_whole else ()
    return Intent(
        "remind",
        target=cut_date(target, find_date),
        lead=lead.before,
        drafts=tuple(replace(draft, remind=lead.before) for draft in drafts),
    )


def _is_same(behind: str, front: str) -> bool:
    """Whether "the meeting" is that of "my meeting with Ann"."""
    return set(behind.lower().removeprefix("the ").split()) <= set(front.lower().split())


def cut_lead_time(clause: Clause) -> Clause:
    """The clause without "an hour before" or "with a reminder" at its end, which say when the reminder is to come."""
    *before, last = clause.pieces
    text = last.text.rstrip(" ,.!")
    if m := _WITH_REMINDER.search(text, max(0, len(text) - _MAX_ENDING)):
        clause = replace(clause, remind=clause.remind or timedelta(0))
        text = f"{text[: m.start()]}{m['lead'] or ''}"
    if clause.remind is None:
        return clause
    lead = find_lead_time(text)
    if lead and lead.end == len(text):
        clause, text = replace(clause, remind=lead.before), text[: lead.start].rstrip(" ,")
    pieces = (*before, replace(last, text=text)) if text or not before else tuple(before)
    return replace(clause, pieces=pieces)


def parse_repetition(m: re.Match[str], find_date: DateFinder) -> Intent | None:
    """ "Make it weekly", if how it repeats is all that follows."""
    text: str = m["text"]
    when = find_date(text) if not m["target"].endswith((" for", " at", " on")) else None
    whole = when is not None and when.repeats and when.start == 0 and when.end == len(text)
    return Intent("move", target=m["target"], when=when) if whole else None


REMINDER_RULES: tuple[tuple[IntentBuilder, str], ...] = (
    (parse_lead_time, r"remind (?:me|us)(?: again)?,? <X>"),
    (build_intent("remind"), r"""
        (?:don't|do not|stop|no longer|never|(?:you )?(?:don't|do not) (?:need|have) to) remind(?:ing)? (?:me|us)
        (?: (?:of|about|to|for))? <T>(?: any ?more| again| any longer)?"""),
    (build_intent("repeat"), r"""
        (?:stop|end|cancel|<remove>) (?:repeating|(?:the )?(?:repetition|recurrence|repeat) (?:of|from|for|on)) <T>
        |(?:don't|do not|never) repeat (?P<also>.+?)(?: any ?more| again| any longer)?"""),
    (build_intent("repeat"), r"""
        <T> (?:should|must|need|does|do|will)(?:n't| not)(?: have to)? (?:repeat|recur)(?: any ?more| any longer)?"""),
    (build_intent("repeat"), r"""
        (?:make|let|set) <T> (?:not|no longer|never) (?:to )?(?:repeat|recur|recurring|repeating)(?: any ?more)?
        |make (?P<also>.+?) (?:non-?recurring|non-?repeating|(?:a )?one-?(?:time|off)(?: (?:task|thing|reminder))?)"""),
    (parse_repetition, r"""
        (?:make|set|let|have) <T> (?:(?:to )?(?:repeat|recur|happen|come back|be due) |recurring |repeating |due |an? )?
        (?=(?:every|each|daily|weekly|monthly|yearly|annually|hourly|quarterly|bi-?weekly|fortnightly|once|on)\b)<X>"""),
    (parse_repetition, r"""
        repeat <T> (?=(?:every|each|daily|weekly|monthly|yearly|annually|hourly|quarterly|bi-?weekly|once|on)\b)<X>"""),
    (parse_repetition, r"""
        <T> (?:repeats|recurs|should (?:repeat|recur)|(?:must|needs to|has to) (?:repeat|recur)) <X>"""),
)  # fmt: skip

# llm/offline/parsing/lists/reminders.py -- the many ways to ask for a reminder, turned into "remind me ..."
from llm.offline.parsing.lists.leads import LEAD, THEN, THING
from llm.offline.parsing.patterns import compile_pattern

_A_REMINDER = "(?:(?:an?|the|another|one|this|my)(?: ))?(?:(?:new|quick|playback|daily) ){0,2}reminders?"
_ASKED_FOR = (
    compile_pattern(rf"""
        {LEAD}(?:i |we )?
        (?:set|create|make|add|put in|put|place|give|need|want|have|get|schedule|save|set up|leave|start)
        (?: me| us| up| in| down){{0,3}} {_A_REMINDER}(?: set up| set| made| created| up| now)?
        (?: for (?:me|us|myself))?(?P<rest>[ ,:.!?].*)?"""),
    compile_pattern(rf"{LEAD}be reminded(?P<rest> .*)"),
    compile_pattern(rf"""
        {LEAD}(?:what about |how about |do )?(?:{_A_REMINDER}|remind(?= (?:to|about|of))|remind me)
        (?P<rest>[ ,:.!?].*)?"""),
)
# "I have an appointment on Friday, can you remind me", "my flight is on Friday, please remind me".
_EVENT = compile_pattern(rf"""
    (?:(?:i|we)(?:'ve| have)?(?: got)? (?=(?:an?|the|my|our)\b)|(?=(?:my|our)\b)){THING}(?: (?:is
    |are)(?P<is> [^\n]{{1,60}}?))?{THEN}
    remind (?:me|us)(?: (?:about|of) (?:it|that|this))?[.!?]{{0,3}}""")
# What says "remind me" in other words.
_SAME_AS_REMINDING = compile_pattern(rf"""
    {LEAD}(?:(?:alert|notify|nudge|ping|prompt) (?:me|us)|(?:jog|refresh) my memory|help (?:me|us) (?:to )?remember
    |let me (?:to )?remember|keep reminding (?:me|us))(?P<rest> (?:to .+|(?:at|on|in|tomorrow|today|tonight|every
    |each) .{{0,40}}?\bto .+))""")
_SEVERAL = compile_pattern(r"""
    (?:(?:what|how) about )?(?:(?:all|my|the|our|upcoming|current)(?: )){1,3}reminders(?: please)?[.?!]{0,3}
    |reminders? list(?: please)?
    |reminders (?:for|on|due|today|tomorrow|this|next)\b(?!.* to ).{0,40}""")
_LINKED = compile_pattern(r"""
    (?: ?:)?(?: (?:to alert me|to remind me|to tell me|to let me know))?
    (?P<link> (?:that (?:i|we) (?:need|have) to|when it's time to|so (?:that )?(?:i|we) (?:don't|do not|won't) forget
    (?: about| to)?|so (?:i|we) remember(?: to)?|saying|that says|called|which says|to|for|about|of|that))?
    (?P<rest> .*)?""")
# "I need to feed the cat at 6, give me a reminder"
_AFTERWARDS = compile_pattern(rf"""
    (?:i|we)(?: (?:need|have|want|ought|must)|'ve got| got)(?: to)? (?!to\b){THING}{THEN}
    (?:set|give me|make|create|i need)(?: me)? {_A_REMINDER}(?P<when> (?:for|at|on|in) .{{1,60}}?)?[.!?]{{0,3}}""")
_NOTHING = compile_pattern(r"""
    [ ,.!?]*(?:(?:please|now|for me|thanks|something|to do something|of something|about something|to|later|(?:on|in
    |to) <list>)
    [ ,.!?]*){0,3}""")
_LINKS = {"for": " for", "about": " about", "of": " about"}


def reword_reminder(line: str) -> str | None:
    """The line as "remind me ...", or as "add a task" where it does not say of what; None if it asks for none."""
    if _SEVERAL.fullmatch(line):
        return None
    if m := _EVENT.fullmatch(line):
        return f"remind me about {m['x'].strip(' ,;.')}{m['is'] or ''}"
    if m := _SAME_AS_REMINDING.fullmatch(line):
        return f"remind me{m['rest']}"
    if m := _AFTERWARDS.fullmatch(line):
        return f"remind me to {m['x'].strip(' ,;.')}{m['when'] or ''}"
    for asked in _ASKED_FOR:
        if m := asked.fullmatch(line):
            return _write_reminder(m["rest"] or "")
    return None


def _write_reminder(rest: str) -> str:
    m = _LINKED.fullmatch(rest.rstrip(" .!"))
    what = (m["rest"] or "") if m else rest
    if _NOTHING.fullmatch(rest) or _NOTHING.fullmatch(what):
        return "add a task"
    link = ((m and m["link"]) or "").strip().lower()
    return f"remind me{_LINKS.get(link, ' to' if link.endswith('to') else '')}{what}"

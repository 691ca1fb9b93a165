# llm/offline/parsing/lists/phrasing.py -- the many ways to put something on a list, turned into "add X to my list"
import re

from llm.offline.parsing.lists.items import names_items
from llm.offline.parsing.lists.leads import LEAD, THEN, THING
from llm.offline.parsing.lists.reminders import reword_reminder
from llm.offline.parsing.patterns import compile_pattern

UNLESS_THERE = " unless it is there"  # what then stands at the end of an addition that depends on the list

_MAX_LINE = 1000  # characters of a line that is reworded
_PUT = r"""
    (?:put|stick|throw|place|toss|drop|slip|get|include|insert|write(?: down)?|jot(?: down)?|tack(?: on)?|pop|list
    |note|save|have|add
    |enter)"""
_ON = "(?:on|onto|in|into|to|under)"
_ENDS = r"""
    (?:,? (?:please|pls|too|as well|also|now|right now|for me|thanks|thank you|again)){0,4}
    (?:,? (?:(?P<unless>if|in case|unless)|cause|because|since|as|so)\b[^\n]{0,120})?[.!?]{0,3}"""
_LIST = "(?P<list><list>)"
_IT = "(?:it|that|this|them|those|these|some|more)"
_TWO_COMMANDS = compile_pattern(r"""
    (?:\b(?:and|then|but|also)|[,;.]) (?:please )?(?:remove|delete|take|cross|erase|drop|add)\b""")
_NO_THING = compile_pattern(r"""
    (?:(?:i|we|they|he|she|to|you|what|if|whether|how|is|are|do|does|did|the (?:items|content|contents|things))\b.*
    |it|that|things|items)""")
_DENIED = compile_pattern(r"\b(?:doesn't|does not|don't|do not|didn't|isn't|aren't|never|no longer|not)$")

_ADDING = tuple(
    compile_pattern(text)
    for text in (
        rf"""(?:(?:(?:i'm|we're|i am|we are|i've|we've|i have|we have|i|we|am)(?: ))?
        (?:(?:all|almost|completely|nearly|running|run|ran) ){{0,3}}(?:out of|low on|short on|short of)
        |(?:(?:i|we)(?:'ve| have)?(?: got)?|there(?:'s| is| are)) no more
        |(?:i|we)(?:'ve| have)? (?:used|finished|eaten) (?:up )?the last of)(?: (?:the|my|our))? {THING}{THEN}
        (?:(?:add|put|stick|list|remind)(?: me)?(?: {_IT})?
        |(?:it|they|that|this) (?:needs?|should|must|has|have) (?:to )?(?:be|go)(?: added| put
        | placed)?) {_ON} {_LIST}{_ENDS}""",
        rf"{LEAD}(?:have|get|let's get|let us get) {THING} (?:put|added|placed|included) {_ON} {_LIST}{_ENDS}",
        rf"{LEAD}(?:have|get|let's get|let us get) {THING} (?:put |added |placed |included )?{_ON} {_LIST}{_ENDS}",
        rf"""{LEAD}(?:add|put|write|stick|note) {_ON} {_LIST}[:,]?(?: that)? (?:(?:i|we) (?:also )?need )?
        (?P<x>.{{1,300}})""",
        rf"{LEAD}{_PUT} {THING} {_ON} {_LIST}{_ENDS}",
        rf"{LEAD}add {THING},? (?P<unless>if|in case|unless) [^\n]{{1,60}}? {_ON} {_LIST}[^\n]{{0,20}}",
        rf"""{LEAD}(?:make sure|ensure|see to it)(?: that)? {THING} (?:is|are|gets?|goes) (?:put |added )?
        {_ON} {_LIST}{_ENDS}""",
        rf"""{LEAD}{THING} (?:needs?|should|must|has|have|ought) (?:to )?(?:also )?(?:be|go)(?: )
        (?:added |put |included |placed |written )?{_ON} {_LIST}{_ENDS}""",
        rf"""
        {LEAD}{THING} (?:goes|go|belongs?|needs? (?:adding|putting)|(?:is|are) (?:also )?(?:needed|wanted
        |missing)) {_ON} {_LIST}{_ENDS}""",
        rf"(?:can|could|should|would|may) {THING} (?:please )?be (?:added|put|included|placed) {_ON} {_LIST}{_ENDS}",
        rf"{LEAD}make {THING} (?:a )?part of {_LIST}{_ENDS}",
        rf"{LEAD}(?:put|write|jot|note) down {THING} (?:for|on|in|to) {_LIST}{_ENDS}",
        rf"""{LEAD}(?:update|edit|fix|change|modify) {_LIST} (?:with|to (?:also )?(?:include|add|have|contain|show)
            |by adding)(?: )
        {THING}{_ENDS}""",
        rf"{_LIST} (?:also )?(?:needs|is missing|is short of|could use) (?!to\b){THING}{_ENDS}",
        rf"{_LIST}[,:]? (?:please )?(?:add|include) {THING}{_ENDS}",
        rf"""(?:(?:i|we) (?:also |still |really )?(?=need|want|would|'d)|(?=need ))(?:need|want|would like
            |'d like) {THING}(?: to be)?(?: )
        (?:added |put )?{_ON} {_LIST}{_ENDS}""",
        rf"""{LEAD}{_LIST} (?:should|needs to|must|ought to|has to) (?:have|include|contain|show|get) {THING}
        (?: (?:on|in|to) it)?{_ENDS}""",
        rf"""{LEAD}{_ON} {_LIST}[,:]? (?:(?:please|also|can you|could you) ){{0,3}}
        (?:(?:add|put|include|list|insert|write)|(?:i|we) (?:also )?(?:need|want)):? {THING}
        (?: (?:added|put|included))?{_ENDS}""",
    )
)
_ADDED_AFTERWARDS = compile_pattern(rf"""
    (?:i|we) (?:need to|have to|want to|must|should|gotta) {THING}{THEN}(?:put|add
    |stick) {_IT}(?: {_ON} {_LIST})?{_ENDS}""")
_ADDING_UNLESS = tuple(
    compile_pattern(text)
    for text in (
        rf"""(?:do|did|have) (?:i|we) (?:already )?(?:have|got|put|add|added) {THING}(?: {_ON})? {_LIST}[,.?]*(?: )
        (?:and )?(?:if (?:not|i don't|it's not|it isn't|no)|else|otherwise)\b[^\n]{{0,20}}\b(?:add|put)\b
        [^\n]{{0,40}}""",
        rf"(?:is|are) {THING} (?:on|in) {_LIST}[,.?]* [^\n]{{0,30}}\b(?:add|put)\b[^\n]{{0,60}}",
    )
)
_DELETING = tuple(
    compile_pattern(text)
    for text in (
        rf"""{THING} (?:is|are|has been|have been) (?:already )?(?:done|finished|completed?|bought|taken care of){THEN}
        (?:take|remove|delete|cross|check|strike|scratch|erase) {_IT} (?:(?:off|out|away)(?: )?)?(?:from |off of 
        |of )?{_LIST}{_ENDS}""",
        rf"""{LEAD}(?:update|edit|change|fix|modify|open|on|from|in) {_LIST}[,:;]?(?: and| to)? (?:please )?
        (?:delete|remove|take off|take out|cross off|cross out|erase|strike|scratch|drop) {THING}{_ENDS}""",
        rf"""{LEAD}(?:take|get) (?!rid\b)(?:(?:away|out|off) )?{THING}(?: (?:away|out|off)){{0,2}}(?: )
        (?:from|off of|off|of|out of) {_LIST}{_ENDS}""",
        rf"""(?:i|we) (?:no longer|don't|do not) (?:need|want) {THING}(?: any ?more| any longer)?(?: )
        (?:on|in) {_LIST}{_ENDS}""",
        rf"""(?:i|we)(?:'ve| have)?(?: (?:already|just|now|finally)){{0,2}}(?: )
        (?:bought|got|gotten|done|did|finished|completed|picked up|purchased|found|made|taken care of)(?: )
        (?:the |my |some )?{THING}{THEN}
        (?:take|remove|delete|cross|check|get|strike|scratch|erase) {_IT} (?:(?:off|out|away)(?: )?)?(?:from 
        |off of |of )?{_LIST}{_ENDS}""",
        rf"""{THING} (?:is|are) (?:no longer|not) (?:needed|necessary|required|wanted)
        (?: any ?more)? (?:on|in|for) {_LIST}{_ENDS}""",
        rf"""{THING} (?:can|should|needs? to|must|has to|have to|could) (?:come|go|be (?:removed|taken|deleted
            |crossed|erased|struck))(?: )
        (?:off of|off|from|out of) {_LIST}{_ENDS}""",
    )
)
_CROSSING = compile_pattern(rf"""
    {LEAD}(?:check|cross|tick|strike|scratch|mark) (?:(?:off|out) )?{THING}(?: (?:off|out))?(?: )
    (?:on|of|from|off of|off|in) {_LIST}{_ENDS}""")
_SWAPPING = compile_pattern(rf"""
    (?:i|we) (?:need|want) {THING} on {_LIST} and (?P<y>[^\n]{{1,100}}?) off(?: of)? (?:it|there|<list>)""")
# "I am tired, so clear my list": the reason says nothing.
_REASON = compile_pattern(r"""
    [^\n]{1,100}?,? so (?:(?:just|please|can you|could you|go ahead and) ){0,3}
    (?!\w+ (?:it|them|that|this)\b)(?=(?:clear|delete|remove|cancel|wipe|empty|erase|add|put|remind)\b)""")
# What stands before a question, or before the wish to see something.
_QUESTION_LEAD = compile_pattern(rf"""
    {LEAD}(?:(?:tell|let|inform|show|read|speak|say|repeat)(?: back)?(?: to)? (?:me|us)(?: know)?(?: again| please)?
    |(?:check and see|check to see|look to see|look and see|find out|double check|check|look|know|see|confirm
    |verify|review|go over|hear)(?: for me)?|remind (?:me|us) (?:of|about)
    |(?:i|we) (?:forgot|forget|can't remember|don't remember|cannot remember|don't know|do not know))(?: )
    (?=(?:that (?!(?:i|we|you)\b)|what|what's|whats|which|how many|how much|if|whether|when)\b)""")
# "On my list, is there milk": the list stands where the patterns look for it.
_LIST_FIRST = compile_pattern(rf"""
    {LEAD}(?:on|in|from) {_LIST}[,:]? (?P<q>(?:is|are|was|were|do|does|did|have|what|whats|what's|which
    |how many)\b[^\n]{{1,200}}?)
    [?.! ]{{0,4}}""")
_NO_LONGER = compile_pattern(rf"""
    (?:i|we) (?:don't|do not|no longer) (?:need|want) {THING}(?: any ?more| any longer)?,? (?:but|and|however
    |instead)(?: )
    (?:i|we) (?:do |still |now )?(?:need|want) (?P<y>[^\n]{{1,100}})""")
# "Shopping list, add milk": of the person, also without a word that says so.
_OWN_LIST = compile_pattern(r"^((?:shopping|grocery|to-?do) list[,:]? (?:please )?(?:add|include) )")
_REMINDING = re.compile("remind|remember|alert|notify|nudge|ping|prompt|memory")
_LIST_WITH = compile_pattern(rf"""
    {LEAD}(?:create|make|start|begin|set up|write)(?: me| us)? (?:an? |the |my )?(?:new )?
    (?P<name>(?:shopping|grocery|packing|wish|party|camping|errands|chores) )?list (?:with|including
    |containing) (?P<x>[^\n]{{1,200}})""")
_MADE_TASK = compile_pattern(
    rf"{LEAD}make {THING} (?:into )?an? (?:new )?(?:task|to-?do|to-?do item|reminder)[.!]{{0,3}}"
)
_INTO_LIST = compile_pattern(rf"""
    {LEAD}(?:add|put|save|write) (?:to|in|on|into) (?:my |the )?(?:reminders|tasks
    |to-?dos)[:,]? (?P<x>[^\n]{{1,200}})""")
# "Eggs and milk on the shopping list, please": things, without a word of what to do.
_THINGS_ON = compile_pattern(rf"""
    (?P<x>(?!(?:what|whats|which|who|how|when|where|is|are|do|does|did|any|anything|something|everything|all|nothing|the|it|that
    |this|there|one|i|you|we|list|show|read|display|open|view|new|more)\b)[^\n?]{{1,80}}?)(?:,? please)?,? (?:on
    |onto) {_LIST}(?:,? please)?[.! ]{{0,3}}""")
_AND = compile_pattern(r",? and |, | & ")
# "Open my list and add milk to it", where what is added or taken off is all that matters.
_OPENED = compile_pattern(rf"""
    {LEAD}(?:bring up|pull up|open(?: up)?|access|go (?:in)?to|take|get|grab|find|look at|check) {_LIST},? (?:and|to
    |then|&)(?: )
    (?:then |please )?(?P<do>add|put|include|write|delete|remove|erase|take off|cross off|check off) {THING}
    (?:,? (?:to|on|onto|from|off of|off|in) (?:it|there|that list|the list))?[.!]{{0,3}}""")
_MINDING = compile_pattern(
    r"(?:would|do|could) you (?:please )?mind (?P<verb>adding|putting|deleting|removing)(?: )"
)
_MINDED = {"adding": "add", "putting": "put", "deleting": "delete", "removing": "remove"}
_MINE = compile_pattern(r"\b(?:i|my|our|the list|reminders?|tasks?|to-?dos?)\b")
_DATED = compile_pattern(r"""
    (?P<when>(?:at|on|in|by|this|next|tomorrow|today|tonight)\b[^,\n]{0,40}), (?=(?:please )?(?:remind|add|set)\b)""")


def reword(line: str) -> str:
    """The line in the words that the patterns know, where it asks to add something or to be reminded."""
    if len(line) > _MAX_LINE:
        return line
    line = _drop_lead(line)
    if (reworded := _reword_whole(line)) is not None:
        return reworded
    lower = line.lower()
    if _REMINDING.search(lower) and (reworded := reword_reminder(line)) is not None:
        return reworded
    return _reword_list(_OWN_LIST.sub(r"my \1", line)) if "list" in lower else line


def _drop_lead(line: str) -> str:
    """The line without a reason, a wish to know or a courtesy before what it asks for."""
    if m := _DATED.match(line):
        line = f"{m['when']} {line[m.end() :]}"
    if m := _REASON.match(line):
        line = line[m.end() :]
    if m := _LIST_FIRST.fullmatch(line):
        line = f"{m['q']} on {m['list']}?"
    if (m := _QUESTION_LEAD.match(line)) and _MINE.search(line, m.end()):
        line = line[m.end() :]
    if m := _MINDING.match(line):
        line = f"{_MINDED[m['verb'].lower()]} {line[m.end() :]}"
    return line


def _reword_whole(line: str) -> str | None:
    """The line where all of it says one thing in a way of its own; else None."""
    if m := _NO_LONGER.fullmatch(line):
        return f"add {m['y'].rstrip(' .!')} to my list and delete {m['x']} from my list"
    if m := _ADDED_AFTERWARDS.fullmatch(line):
        return f"add {m['x'].strip(' ,;')} to {m['list'] or 'my list'}"
    if m := _LIST_WITH.fullmatch(line):
        return f"add {m['x'].rstrip(' .!')} to my {m['name'] or ''}list"
    if m := _MADE_TASK.fullmatch(line):
        return f"add a task {m['x']}"
    if m := _INTO_LIST.fullmatch(line):
        return f"add {m['x']} to my list"
    if m := _OPENED.fullmatch(line):
        is_added = m["do"].lower() in ("add", "put", "include", "write")
        return f"{'add' if is_added else 'delete'} {m['x'].strip(' ,;.')} {'to' if is_added else 'from'} {m['list']}"
    return None


def _reword_list(line: str) -> str:
    if m := _SWAPPING.fullmatch(line):
        return f"add {m['x']} to {m['list']} and delete {m['y']} from {m['list']}"
    for conditional in _ADDING_UNLESS:
        if (m := conditional.fullmatch(line)) and _is_thing(m["x"]):
            return f"add {m['x'].rstrip(' ,')} to {m['list']}{UNLESS_THERE}"
    for deleting in _DELETING:
        if (m := deleting.fullmatch(line)) and _is_thing(m["x"]):
            return f"delete {m['x']} from {m['list']}"
    if (m := _CROSSING.fullmatch(line)) and _is_thing(m["x"]):
        return f"cross off {m['x'].removesuffix(' off').removesuffix(' out')} from {m['list']}"
    for adding in _ADDING:
        if (m := adding.fullmatch(line)) and _is_thing(m["x"]) and not m["x"].endswith(" back"):
            unless = UNLESS_THERE if m.groupdict().get("unless") else ""
            return f"add {m['x'].strip(' ,;')} to {m['list']}{unless}"
    if (m := _THINGS_ON.fullmatch(line)) and names_items(_AND.split(m["x"]), ""):
        return f"add {m['x'].strip(' ,;')} to {m['list']}"
    return line


def _is_thing(text: str) -> bool:
    """Whether this is what is added or deleted, and neither a question nor a command of its own."""
    return not (_TWO_COMMANDS.search(text) or _NO_THING.fullmatch(text) or _DENIED.search(text))

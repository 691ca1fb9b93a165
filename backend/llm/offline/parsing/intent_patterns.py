# llm/offline/parsing/intent_patterns.py -- the sentences that are commands: a table of patterns, read from the top
from dataclasses import replace

from llm.offline.parsing.clauses import LONGEST_COMMAND
from llm.offline.parsing.intent_builders import (
    Maker,
    at_the_end,
    happened,
    if_clear,
    look_at,
    new_title,
    on_it,
    open_ones,
    plain,
    retitle,
    say,
    show,
    to_a_day,
    told,
)
from llm.offline.parsing.intents import Command, Finder
from llm.offline.parsing.patterns import pattern
from llm.offline.parsing.task_references import read_mention
from llm.offline.parsing.vocabulary import starts_a_task

_TABLE: tuple[tuple[Maker, str], ...] = (
    (say("greeting"), r"""
        (?:hi|hello|hey|yo|howdy|hiya|greetings|good (?:morning|afternoon|evening|day))
        (?: (?:there|parley|again|everyone))*(?:[,!.]? how are you(?: doing| today)*\??)?"""),
    (say("well"), r"how are you(?: doing| today)*\??|what's up\??"),
    (say("thanks"), r"""
        (?:(?:ok(?:ay)?|great|many|perfect)[,!.]* )?(?:thanks|thank you|thx|ty|cheers)
        (?: .{0,40})?"""),
    (say("fine"), r"""
        (?:(?:ok|okay|great|perfect|awesome|nice|cool|super|lovely|excellent|fine|sure|yes|yeah
        |yep|alright|all right|got it|sounds good|good job|well done|great job|nice work|good|all done|no
        |nope)[,!. ]*)+|i'm (?:all )?done for .{1,20}"""),
    (say("bye"), r"(?:good ?)?bye(?: .{0,20})?|see (?:you|ya)(?: .{0,20})?|good ?night|later"),
    (say("help"), r"""
        (?:help|commands)(?: me)?(?: please)?\??|what (?:else )?(?:can|do) you (?:do|help with)
        (?: .{0,30})?\??|how (?:does (?:this|it)|do (?:you|i|we)|can (?:you|i)|to|would i|should i) .+
        |(?:who|what) are you\??|i need (?:some )?help|can you help(?: me)?\??|what can i (?:say|ask|do
        |tell).*|your commands"""),
    (say("left"), r"""
        (?:never ?mind|forget it|stop|no thanks|nothing|leave it|neither|none(?: of them)?)
        (?: .{0,20})?"""),
    (plain("undo"), r"""
        (?:undo|revert|take back)(?: (?:that|it|this|(?:the|my) last(?: .{1,20})?|last))?|oops
        |(?:take|bring) (?:that|it) back|(?:scratch|cancel) that"""),
    (say("left"), r"""
        (?:please )?(?!(?:do not|don't|never)(?: let (?:me|us))? forget\b)(?:don't|do not|never
        |no need to|let's not|(?:you|i|we) (?:really |still |just )?(?:no longer|don't|do not|didn't
        |did not|haven't|have not|won't|will not|shouldn't|should not|mustn't|must not|can't|cannot
        |couldn't|never|need not|needn't)(?! want to forget| forget)) .+"""),
    (plain("describe"), r"(?:<remove>|clear|drop) (?:the |its |any |all )?<note> (?:of|from|for|on) <T>"),
    (on_it("describe"), r"(?:<remove>|clear|drop) (?:the|its|that|this) <note>"),
    (plain("move"), r"(?:<remove>|clear|drop) (?:the |its |any )?<due> (?:of|from|for|on) <T>"),
    (plain("note"), r"""
        add (?:an? |another |the |this |these )?<note> (?:to|for|on) <T>(?: ?:|,? saying:?
        |,? that says:?| -|,) ?<X>"""),
    (plain("note"), r"add <X> (?:to|as) (?:an? |the )?<note>s? (?:of|for|on|to) <T>"),
    (plain("note"), r"add (?:an? |another |the )?<note> (?:to|for|on) <T>"),
    (plain("note"), r"<note> (?:for|on|to) (?!self\b|myself\b)<T> ?: ?<X>"),
    (plain("describe"), r"<change> (?:the )?<note> (?:of|for|on) <T>(?: to| as|:| =) <X>"),
    (plain("describe"), r"<change> (?:the )?<note> (?:of|for|on) <T>"),
    (on_it("describe"), r"<change> (?:the|its|that) <note>(?: to| as|:) <X>"),
    (plain("describe"), r"describe <T>(?: as|:) <X>"),
    (plain("describe"), r"describe <T>"),
    (to_a_day, r"(?:<change>|move) (?:the )?<due> (?:of|for|on) <T> (?:to|as) <X>"),
    (to_a_day, r"""
        (?:move|push|shift|bring|change|set|put|postpone|delay|defer|reschedule|bump) <T>
        (?: from .{1,20}?)?(?: back| forward| out)? (?:to|until|till|for|by|on) (?=[^ ]+(?: [^ ]+){0,5} ?$)<X>"""),
    (to_a_day, r"""
        (?!(?:remind|what|when|which|who|is|are|any|how)\b)(?:make )?<T> (?:is |are )?(?:now )?
        (?=due )<X>"""),
    (at_the_end, r"(?:reschedule|postpone|delay|defer) <T>"),
    (plain("rename"), r"<change> (?:the )?(?:title|name|wording) (?:of|for|on) <T>(?: to| into| as|:) <X>"),
    (on_it("rename"), r"<change> (?:the|its) (?:title|name|wording) (?:to|into|as) <X>"),
    (on_it("rename"), r"call it <X>"),
    (retitle, r"(?:rename|retitle|reword|change|edit|update|correct|turn) <T> (?:in)?to (?:say |read )?<X>"),
    (plain("rename"), r"(?:rename|retitle|reword) <T> ?(?: as| into|:|->|=>|→) ?<X>"),
    (plain("rename"), r"(?:rename|retitle|reword) <T>"),
    (plain("rename"), r"<T> should (?:say|read|be (?:called|named)) <X>"),
    (plain("reopen"), r"""
        (?:re-?open|un-?check|un-?tick|un-?complete|un-?mark|un-?finish|undo|restore
        |reactivate) <T>"""),
    (plain("reopen"), r"""
        (?:mark|set|make|flag) <T> (?:as |to )?(?:not (?:yet )?<done>|undone|un-?<done>|incomplete
        |open|to-?do|pending)(?: yet)?"""),
    (plain("reopen"), r"<T> (?:is|are)(?:n't| not) (?:actually |really |yet )*<done>(?: yet)?"),
    (plain("reopen"), r"(?:put|bring) <T> back(?: (?:on|to|in|onto|into) <list>)?"),
    (show("show"), r"(?:<find>)?<which><tasks><tail>\??"),
    (show("show"), r"""
        <find>(?:everything|all)(?: (?:again|about|with|for|i|that|on|due|left|open|done
        |not)\b.*)?\??"""),
    (show("show"), r"""
        what(?:'s| is| are| do i have)? (?:still |all )*(?:left|overdue|late|open|pending
        |outstanding|remaining|remains|due|next|undone|planned|todo|to do|done|else)\b.*"""),
    (show("show"), r"""
        what (?:i|we) (?:still )?(?:have|need|should|must) (?:to do|left|open|on|do)\b.*
        |what else\??"""),
    (show("show"), r"""
        what(?:'s| is| are| do i (?:still )?have)?(?: still| left)? (?:on|in|for|happening
        |planned) (?:<which>(?:plate|agenda|schedule|calendar|<tasks>)\b.*|(?:today|tonight|tomorrow|this
        |next|mon|tue|wed|thu|fri|sat|sun).*)"""),
    (show("show"), r"(?:what|which)(?:'s| is| are)? <which><tasks>\b.*"),
    (show("show"), r"""
        what (?:else )?(?:do|should|must|shall|am|have|did|haven't|needs?) (?:i|we|to be
        |to get)? ?(?:still |supposed |not )*(?:have|need|to|do|done|got|left|get|finish|finished|complete
        |completed|achieved?|accomplish(?:ed)?|ticked|checked|miss|tackle)\b.*"""),
    (show("show"), r"""
        (?:do|have) (?:i|we) (?:still |already )*(?:have |got |need )*(?:any(?:thing)?|something
        |some|more|other|open|tasks?|to do)\b.*"""),
    (show("show"), r"""
        (?:is|are) (?:there (?:still )?)?(?:any(?:thing)?|something|some|more|a task|tasks)\b.*"""),
    (show("show"), r"""
        any(?:thing)? (?:else )?(?:<which><tasks>|left|overdue|about|due|to do|open|still|for|on)\b.*"""),
    (open_ones, r"""
        (?:am|are) (?:i|we) (?:all )?(?:done|finished)(?: .{0,20})?|(?:ls|agenda|nothing left
        |is that all)\??"""),
    (show("count"), r"""
        (?:(?:tell|show) me )?how (?:many|much) (?=.*\b(?:<tasks>|things|left|open|done|finished
        |completed|to do|do i have|have i)\b).+"""),
    (show("count"), r"(?:count|(?:the )?number of) <which><tasks><tail>"),
    (look_at, r"(?:search(?: for)?|show(?: me)?) (?!.*\bhow\b)<X>"),
    (plain("check"), r"what(?:'s| is| does) (?:the <note> (?:of|for|on|to) <T>|(?P<also>.+?) say)\??"),
    (plain("check"), r"when(?:'s| is| are| was| do i have to| should i| must i) <T>(?: due| happening)?\??"),
    (plain("check"), r"""
        (?:did|have|has) (?:i|we) (?:already |ever |really |actually )*(?:(?:do|done|finish
        |finished|complete|completed) (?=everything|all))?<T>\??"""),
    (plain("check"), r"""
        (?:is|are|was|were) <T> (?:already |still |now ){0,3}(?:<done>|open|due|(?:on|in) <list>
        |there)\??"""),
    (plain("check"), r"""
        (?:has|have) <T> been <done>\??|(?:what about|how about|(?:what's |what is )?the status of
        |status of) (?P<also>.+?)\??"""),
    (on_it("complete"), r"""
        (?:(?:i|we)(?:'ve| have|'m| am)? )?(?:just |already |now )*(?:did|done|finished|completed)
        (?: (?:it|that|this|with (?:it|that|this)))?"""),
    (say("question"), r"""
        (?:(?:should|shall|may|might|can|could|would|will|what|who|where|when|why|which|whose|how
        |does|is|are|am|was|were|did|if|unless|when|suppose|maybe|perhaps)(?:'s|'re|n't)?\b|(?:do|have
        |has) (?:i|we|you|they|he|she|it|any)\b).*"""),
    (on_it("complete"), r"mark (?:as )?<done>"),
    (plain("complete"), r"""
        (?:mark|set|flag|check|tick|make|get) <T> (?:as |to |off as )?
        (?:all |already |now ){0,3}<done>"""),
    (plain("complete"), r"mark (?:as )?<done>:? <T>"),
    (plain("complete"), r"complete|finish|(?:tick|check|cross) off"),
    (plain("reopen"), r"re-?open"),
    (plain("delete"), r"delete|remove"),
    (plain("rename"), r"rename"),
    (plain("complete"), r"(?:check|tick|cross|knock|strike|scratch) off:? <T>(?: (?:from|on|off) <list>)?"),
    (plain("complete"), r"(?:check|tick|cross|knock|strike|scratch|mark) <T> off(?: (?:of )?<list>)?"),
    (plain("complete"), r"tick <T>"),
    (plain("complete"), r"""
        (?:(?:i|we)(?:'m|'re| am| are) )?(?:all |now |finally |already |just )*(?:done|finished
        |through)(?: with|:)? <T>"""),
    (plain("complete"), r"""
        (?:<I>)?(?:done|did|finished|completed|ticked off|checked off|closed|took care of
        |taken care of|dealt with|handled)(?: with)?:? <T>"""),
    (told, r"<I>(?!got to )<T>"),
    (plain("complete"), r"(?:complete|finish)(?: off| up)? <T>"),
    (if_clear("complete"), r"(?:close|mark) <T>"),
    (plain("complete"), r"""
        <T>(?:'s| is| are| was| were| has been| have been| got)(?: now| already| all| both
        | finally){0,3} (?:<done>|taken care of)(?: now| already)?"""),
    (plain("complete"), r"<T>(?: ?:| -| =)? (?:done|finished|completed)"),
    (plain("delete"), r"<remove> <T>(?: (?:from|off|on) (?:of )?<list>)?(?:,? (?:because|since) .+)?"),
    (plain("delete"), r"take <T> off (?:of )?<list>"),
    (if_clear("delete"), r"""
        (?:drop|cancel|forget|clear|empty|wipe|purge|ditch|dump|kill|scratch|forget about
        |throw away|throw out)(?: out)? <T>"""),
    (told, r"<T>"),
    (happened, r"""
        <T>(?P<aux>'s| is| are| was| were| has been| have been| got)?(?: now| already
        | all){0,3} (?P<past>\w+)"""),
)  # fmt: skip
_RULES = tuple((pattern(text), make) for make, text in _TABLE)


_LATELY = pattern(r"""
    (?:,? (?:this (?:morning|afternoon|evening)|today|yesterday|last night|just now|already|earlier|now
    |at \d\d?(?::\d\d)?(?: ?[ap]m)?|(?:on|last) \w+day)){1,8}$""")


def match(text: str, find: Finder) -> Command | None:
    """The command that a whole clause is, other than to add something."""
    asked = text.endswith("?")
    if not text or len(text) > LONGEST_COMMAND:
        return None
    for rule, make in _RULES:
        m = rule.fullmatch(text)
        if m is None and asked:
            m = rule.fullmatch(text.rstrip("? "))
        if m and (command := make(m, find)):
            also = m.groupdict().get("also")
            command = replace(command, target=also) if also else command
            if command.verb == "complete":
                command = replace(command, target=_LATELY.sub("", command.target))
            said = text if starts_a_task(text) and read_mention(command.target).kind == "words" else ""
            title = new_title(command.text) if command.verb == "rename" and command.text else command.text
            return replace(command, text=title, said=said, sure=not asked)
    return None

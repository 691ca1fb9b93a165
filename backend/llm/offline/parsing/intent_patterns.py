# llm/offline/parsing/intent_patterns.py -- the patterns of all intents but to add, tried from the top
from dataclasses import replace

from dates import DateFinder
from llm.offline.parsing.clauses import MAX_INTENT_CHARACTERS
from llm.offline.parsing.done_queries import DONE_RULES
from llm.offline.parsing.intent_builders import (
    IntentBuilder,
    build_intent,
    build_last_task_intent,
    build_query,
    build_small_talk,
    build_unless_ambiguous,
    format_new_title,
    parse_lookup,
    parse_open_query,
    parse_passive_statement,
    parse_past_statement,
    parse_rename,
    parse_reschedule,
    parse_trailing_date,
)
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.lists.agenda import AGENDA_RULES
from llm.offline.parsing.lists.bulk import BULK_RULES, NO_LONGER_RULES
from llm.offline.parsing.lists.names import restore_spaces
from llm.offline.parsing.lists.rules import LIST_RULES
from llm.offline.parsing.lists.targets import narrow_target
from llm.offline.parsing.patterns import compile_pattern
from llm.offline.parsing.reminders import REMINDER_RULES
from llm.offline.parsing.task_references import parse_reference
from llm.offline.parsing.vocabulary import reads_as_task

_TABLE: tuple[tuple[IntentBuilder, str], ...] = (
    (build_small_talk("greeting"), r"""
        (?:hi|hello|hey|yo|howdy|hiya|greetings|good (?:morning|afternoon|evening|day))
        (?: (?:there|parley|again|everyone))*(?:[,!.]? how are you(?: doing| today)*\??)?"""),
    (build_small_talk("well"), r"how are you(?: doing| today)*\??|what's up\??"),
    (build_small_talk("thanks"), r"""
        (?:(?:ok(?:ay)?|great|many|perfect)[,!.]* )?(?:thanks|thank you|thx|ty|cheers)
        (?: .{0,40})?"""),
    (build_small_talk("fine"), r"""
        (?:(?:ok|okay|great|perfect|awesome|nice|cool|super|lovely|excellent|fine|sure|yes|yeah
        |yep|alright|all right|got it|sounds good|good job|well done|great job|nice work|good|all done|no
        |nope)[,!. ]*)+|i'm (?:all )?done for .{1,20}"""),
    (build_small_talk("bye"), r"(?:good ?)?bye(?: .{0,20})?|see (?:you|ya)(?: .{0,20})?|good ?night|later"),
    (build_small_talk("help"), r"""
        (?:help|commands)(?: me)?(?: please)?\??|what (?:else )?(?:can|do) you (?:do|help with)
        (?: .{0,30})?\??|how (?:does (?:this|it)|do (?:you|i|we)|can (?:you|i)|to|would i|should i) .+
        |(?:who|what) are you\??|i need (?:some )?help|can you help(?: me)?\??|what can i (?:say|ask|do
        |tell).*|your commands"""),
    *REMINDER_RULES,
    *NO_LONGER_RULES,
    (build_small_talk("left"), r"""
        (?:never ?mind|forget it|stop|no thanks|nothing|leave it|neither|none(?: of them)?)
        (?: .{0,20})?"""),
    (build_intent("undo"), r"""
        (?:undo|revert|take back)(?: (?:that|it|this|(?:the|my) last(?: .{1,20})?|last))?|oops
        |(?:take|bring) (?:that|it) back|(?:scratch|cancel) that"""),
    *DONE_RULES,
    *BULK_RULES,
    *AGENDA_RULES,
    *LIST_RULES,
    (build_small_talk("left"), r"""
        (?:please )?(?!(?:do not|don't|never)(?: let (?:me|us))? forget\b)(?:don't|do not|never
        |no need to|let's not|(?:you|i|we) (?:really |still |just )?(?:no longer|don't|do not|didn't
        |did not|haven't|have not|won't|will not|shouldn't|should not|mustn't|must not|can't|cannot
        |couldn't|never|need not|needn't)(?! want to forget| forget)) .+"""),
    (build_intent("describe"), r"(?:<remove>|clear|drop) (?:the |its |any |all )?<note> (?:of|from|for|on) <T>"),
    (build_last_task_intent("describe"), r"(?:<remove>|clear|drop) (?:the|its|that|this) <note>"),
    (build_intent("move"), r"(?:<remove>|clear|drop) (?:the |its |any )?<due> (?:of|from|for|on) <T>"),
    (build_intent("note"), r"""
        add (?:an? |another |the |this |these )?<note> (?:to|for|on) <T>(?: ?:|,? saying:?
        |,? that says:?| -|,) ?<X>"""),
    (build_intent("note"), r"add <X> (?:to|as) (?:an? |the )?<note>s? (?:of|for|on|to) <T>"),
    (build_intent("note"), r"add (?:an? |another |the )?<note> (?:to|for|on) <T>"),
    (build_intent("note"), r"<note> (?:for|on|to) (?!self\b|myself\b)<T> ?: ?<X>"),
    (build_intent("describe"), r"<change> (?:the )?<note> (?:of|for|on) <T>(?: to| as|:| =) <X>"),
    (build_intent("describe"), r"<change> (?:the )?<note> (?:of|for|on) <T>"),
    (build_last_task_intent("describe"), r"<change> (?:the|its|that) <note>(?: to| as|:) <X>"),
    (build_intent("describe"), r"describe <T>(?: as|:) <X>"),
    (build_intent("describe"), r"describe <T>"),
    (parse_reschedule, r"(?:<change>|move) (?:the )?<due> (?:of|for|on) <T> (?:to|as) <X>"),
    (parse_reschedule, r"""
        (?:move|push|shift|bring|change|set|put|postpone|delay|defer|reschedule|bump|update|edit|adjust|modify) <T>
        (?: from .{1,20}?)?(?: back| forward| out)? (?:to|until|till|for|by|on) (?=[^ ]+(?: [^ ]+){0,5} ?$)<X>"""),
    (parse_reschedule, r"""
        (?!(?:remind|add|create|new|note|put|what|when|which|who|is|are|any|how)\b)(?:make )?<T> (?:is |are )?(?:now )?
        (?=due (?!dates?\b))<X>"""),
    (parse_trailing_date, r"(?:reschedule|postpone|delay|defer) <T>"),
    (build_intent("rename"), r"<change> (?:the )?(?:title|name|wording) (?:of|for|on) <T>(?: to| into| as|:) <X>"),
    (build_last_task_intent("rename"), r"<change> (?:the|its) (?:title|name|wording) (?:to|into|as) <X>"),
    (build_last_task_intent("rename"), r"call it <X>"),
    (parse_rename, r"(?:rename|retitle|reword|change|edit|update|correct|turn) <T> (?:in)?to (?:say |read )?<X>"),
    (build_intent("rename"), r"(?:rename|retitle|reword) <T> ?(?: as| into|:|->|=>|→) ?<X>"),
    (build_intent("rename"), r"(?:rename|retitle|reword) <T>"),
    (build_intent("rename"), r"<T> should (?:say|read|be (?:called|named)) <X>"),
    (build_intent("reopen"), r"""
        (?:re-?open|un-?check|un-?tick|un-?complete|un-?mark|un-?finish|undo|restore
        |reactivate) <T>"""),
    (build_intent("reopen"), r"""
        (?:mark|set|make|flag) <T> (?:as |to )?(?:not (?:yet )?<done>|undone|un-?<done>|incomplete
        |open|to-?do|pending)(?: yet)?"""),
    (build_intent("reopen"), r"<T> (?:is|are)(?:n't| not) (?:actually |really |yet )*<done>(?: yet)?"),
    (build_intent("reopen"), r"(?:put|bring) <T> back(?: (?:on|to|in|onto|into) <list>)?"),
    (build_query("show"), r"(?:<find>)?<which><tasks><tail>\??"),
    (build_query("show"), r"""
        <find>(?:everything|all)(?: (?:again|about|with|for|i|that|on|due|left|open|done
        |not)\b.*)?\??"""),
    (build_query("show"), r"""
        what(?:'s| is| are| do i have)? (?:still |all )*(?:left|overdue|late|open|pending
        |outstanding|remaining|remains|due|next|undone|planned|todo|to do|done|else)\b.*"""),
    (build_query("show"), r"""
        what (?:i|we) (?:still )?(?:have|need|should|must) (?:to do|left|open|on|do)\b.*
        |what else\??"""),
    (build_query("show"), r"""
        what(?:'s| is| are| do i (?:still )?have)?(?: still| left)? (?:on|in|for|happening
        |planned) (?:<which>(?:plate|agenda|schedule|calendar|<tasks>)\b.*|(?:today|tonight|tomorrow|this
        |next|mon|tue|wed|thu|fri|sat|sun).*)"""),
    (build_query("show"), r"(?:what|which)(?:'s| is| are)? <which><tasks>\b.*"),
    (build_query("show"), r"""
        what (?:else )?(?:do|should|must|shall|am|have|did|haven't|needs?) (?:i|we|to be
        |to get)? ?(?:still |supposed |not )*(?:have|need|to|do|done|got|left|get|finish|finished|complete
        |completed|achieved?|accomplish(?:ed)?|ticked|checked|miss|tackle)\b.*"""),
    (build_query("show"), r"""
        (?:do|have) (?:i|we) (?:still |already )*(?:have |got |need )*(?:any(?:thing)?|something
        |some|more|other|open|tasks?|to do)\b.*"""),
    (build_query("show"), r"""
        (?:is|are) (?:there (?:still )?)?(?:any(?:thing)?|something|some|more|a task|tasks)\b.*"""),
    (build_query("show"), r"""
        any(?:thing)? (?:else )?(?:<which><tasks>|left|overdue|about|due|to do|open|still|for|on)\b.*"""),
    (parse_open_query, r"""
        (?:am|are) (?:i|we) (?:all )?(?:done|finished)(?: .{0,20})?|(?:ls|agenda|nothing left
        |is that all)\??"""),
    (build_query("count"), r"""
        (?:(?:tell|show) me )?how (?:many|much) (?=.*\b(?:<tasks>|things|left|open|done|finished
        |completed|to do|do i have|have i)\b).+"""),
    (build_query("count"), r"(?:count|(?:the )?number of) <which><tasks><tail>"),
    (parse_lookup, r"(?:search(?: for)?|show(?: me)?) (?!.*\bhow\b)<X>"),
    (build_intent("check"), r"what(?:'s| is| does) (?:the <note> (?:of|for|on|to) <T>|(?P<also>.+?) say)\??"),
    (build_intent("check"), r"when(?:'s| is| are| was| do i have to| should i| must i) <T>(?: due| happening)?\??"),
    (build_intent("check"), r"""
        (?:did|have|has) (?:i|we) (?:already |ever |really |actually )*(?:(?:do|done|finish
        |finished|complete|completed) (?=everything|all))?<T>\??"""),
    (build_intent("check"), r"""
        (?:is|are|was|were) <T> (?:already |still |now ){0,3}(?:<done>|open|due|(?:on|in) <list>
        |there)\??"""),
    (build_intent("check"), r"""
        (?:has|have) <T> been <done>\??|(?:what about|how about|(?:what's |what is )?the status of
        |status of) (?P<also>.+?)\??"""),
    (build_last_task_intent("complete"), r"""
        (?:(?:i|we)(?:'ve| have|'m| am)? )?(?:just |already |now )*(?:did|done|finished|completed)
        (?: (?:it|that|this|with (?:it|that|this)))?"""),
    (build_small_talk("question"), r"""
        (?:(?:should|shall|may|might|can|could|would|will|what|who|where|when|why|which|whose|how
        |does|is|are|am|was|were|did|if|unless|when|suppose|maybe|perhaps)(?:'s|'re|n't)?\b|(?:do|have
        |has) (?:i|we|you|they|he|she|it|any)\b).*"""),
    (build_last_task_intent("complete"), r"mark (?:as )?<done>"),
    (build_intent("complete"), r"""
        (?:mark|set|flag|check|tick|make|get) <T> (?:as |to |off as )?
        (?:all |already |now ){0,3}<done>"""),
    (build_intent("complete"), r"mark (?:as )?<done>:? <T>"),
    (build_intent("complete"), r"complete|finish|(?:tick|check|cross) off"),
    (build_intent("reopen"), r"re-?open"),
    (build_intent("delete"), r"delete|remove"),
    (build_intent("rename"), r"rename"),
    (build_intent("complete"), r"(?:check|tick|cross|knock|strike|scratch) off:? <T>(?: (?:from|on|off) <list>)?"),
    (build_intent("complete"), r"(?:check|tick|cross|knock|strike|scratch|mark) <T> off(?: (?:of )?<list>)?"),
    (build_intent("complete"), r"tick <T>"),
    (build_intent("complete"), r"""
        (?:(?:i|we)(?:'m|'re| am| are) )?(?:all |now |finally |already |just )*(?:done|finished
        |through)(?: with|:)? <T>"""),
    (build_intent("complete"), r"""
        (?:<I>)?(?:done|did|finished|completed|ticked off|checked off|closed|took care of
        |taken care of|dealt with|handled)(?: with)?:? <T>"""),
    (parse_past_statement, r"<I>(?!got to )<T>"),
    (build_intent("complete"), r"(?:complete|finish)(?: off| up)? <T>"),
    (build_unless_ambiguous("complete"), r"(?:close|mark) <T>"),
    (build_intent("complete"), r"""
        <T>(?:'s| is| are| was| were| has been| have been| got)(?: now| already| all| both
        | finally){0,3} (?:<done>|taken care of)(?: now| already)?"""),
    (build_intent("complete"), r"<T>(?: ?:| -| =)? (?:done|finished|completed)"),
    (build_intent("delete"), r"<remove> <T>(?: (?:from|off|on) (?:of )?<list>)?(?:,? (?:because|since) .+)?"),
    (build_intent("delete"), r"take <T> off (?:of )?<list>"),
    (build_unless_ambiguous("delete"), r"""
        (?:drop|cancel|forget|clear|empty|wipe|purge|ditch|dump|kill|scratch|forget about
        |throw away|throw out)(?: out)? <T>"""),
    (parse_past_statement, r"<T>"),
    (parse_passive_statement, r"""
        <T>(?P<aux>'s| is| are| was| were| has been| have been| got)?(?: now| already
        | all){0,3} (?P<past>\w+)"""),
)  # fmt: skip
_RULES = tuple((compile_pattern(text), build) for build, text in _TABLE)

_RECENT_TIME = compile_pattern(r"""
    (?:,? (?:this (?:morning|afternoon|evening)|today|yesterday|last night|just now|already|earlier|now
    |at \d\d?(?::\d\d)?(?: ?[ap]m)?|(?:on|last) \w+day)){1,8}$""")


def match_intent(text: str, find_date: DateFinder) -> Intent | None:
    """The intent of a whole clause, unless it is to add something."""
    is_question = text.endswith("?")
    if not text or len(text) > MAX_INTENT_CHARACTERS:
        return None
    for rule, build in _RULES:
        m = rule.fullmatch(text)
        if m is None and is_question:
            m = rule.fullmatch(text.rstrip("? "))
        if m and (intent := build(m, find_date)):
            also = m.groupdict().get("also")
            intent = replace(intent, target=also) if also else intent
            if intent.verb == "complete":
                intent = replace(intent, target=_RECENT_TIME.sub("", intent.target))
            task_wording = (
                text if reads_as_task(text) and parse_reference(intent.target).kind == "words" else ""
            )
            title = format_new_title(intent.text) if intent.verb == "rename" and intent.text else intent.text
            intent = narrow_target(intent, find_date)
            return replace(
                intent,
                text=restore_spaces(title) if title else title,
                target=restore_spaces(intent.target),
                task_wording=restore_spaces(task_wording),
                sure=intent.sure and not is_question,
            )
    return None

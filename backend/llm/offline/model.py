# llm/offline/model.py -- the offline model: answers in four languages about tasks from rules, without a network
import re
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, partial
from math import inf

import dates
from dates import DateFinder
from dates.calendars.finder import find_local_date
from llm.offline.action_table import ACTIONS
from llm.offline.actions import Script, add_tasks, change_tasks
from llm.offline.budget import Budget, BudgetExceeded, WordComparer
from llm.offline.choices import add_choices
from llm.offline.clarifications import interpret_message
from llm.offline.dialogue_state import CHANGING_TOOLS, DialogueState, Reply, read_tasks
from llm.offline.finding.task_lookup import LookupFailed, PlannedCall, ToolUnavailable
from llm.offline.languages.registry import GRAMMARS
from llm.offline.lookups import check_tasks, count_tasks, make_small_talk, show_tasks
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.parser import ParseCache
from llm.offline.reminding import remind_of_tasks
from llm.offline.sentences import talk
from llm.offline.sentences.sentence import Language, find_language
from llm.offline.undo import undo_answer
from llm.protocol import (
    AgentTurn,
    AnswerEnd,
    ModelEvent,
    ModelRequest,
    TextDelta,
    ToolCall,
    ToolSpec,
    Turn,
    UserTurn,
)

_MAX_EARLIER_MESSAGES = 12  # earlier messages that give "it" and "2" their meaning
_MAX_EARLIER_CHARACTERS = 2000  # a longer earlier message is not parsed: it led to no question
_MAX_EARLIER_CHARACTERS_IN_ALL = 8000  # of all earlier messages, counted from the newest
_SCRIPTS: dict[str, Callable[[Intent, DialogueState], Script]] = {
    "add": add_tasks,
    "show": show_tasks,
    "count": count_tasks,
    "check": check_tasks,
    "undo": undo_answer,
    "remind": remind_of_tasks,
    "say": make_small_talk,
    **dict.fromkeys(ACTIONS, change_tasks),
}
_LOOKS = ("show", "count", "check")
_MAX_STEPS = 7  # after more steps no further intent of the same message is begun


@dataclass
class OfflineModel:
    """Answers from rules, deterministically; what it keeps between two requests is a cache and changes no answer.

    A message may cost `seconds` of processor time, and all earlier messages together as much again, because the
    process serves nobody else meanwhile.

    A script carries out each message: a generator that yields the calls of one step, is sent their outcomes, and
    returns a reply. A request replays the script against the calls that are already made, and returns the first
    step that is not. A replay of the earlier messages rebuilds the state of the dialogue.
    """

    name = "rules"
    seconds: float = 0.25
    _parse_cache: ParseCache = field(default_factory=ParseCache)

    async def respond(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        *earlier, current = _group_turns(request.turns) or [_Exchange("")]
        dialogue = self._start_dialogue(request, Budget(self.seconds))
        dialogue = self._replay_earlier(earlier[-_MAX_EARLIER_MESSAGES:], dialogue)
        dialogue = dialogue.hear(current.text)
        try:
            # A message that has changed something is finished at any cost; it was parsed within the budget before.
            budget = Budget(inf if current.has_changed else self.seconds)
            outcome = _replay_script(current, replace(dialogue, budget=budget))
        except BudgetExceeded:
            outcome = Reply(dialogue.voice.say(talk.TOO_LONG))
        if outcome is None:
            outcome = Reply(dialogue.voice.say(talk.INCONSISTENT))
        if isinstance(outcome, Reply):
            for text in _split_text(outcome.text):
                yield TextDelta(text)
            if outcome.question and outcome.question.choices:
                yield AnswerEnd(choices=outcome.question.choices)
            return
        for n, planned in enumerate(outcome, len(current.calls) + 1):
            yield ToolCall(f"call_{n}", planned.name, planned.arguments)

    def _start_dialogue(self, request: ModelRequest, budget: Budget) -> DialogueState:
        zone = request.zone
        find_dates: dict[Language, DateFinder] = {
            "en": cache(partial(dates.find_date, now=request.now, tz=zone, language=request.language)),
            **{
                language: cache(partial(find_local_date, calendar=grammar.calendar, now=request.now, tz=zone))
                for language, grammar in GRAMMARS.items()
            },
        }
        return DialogueState(
            find_dates=find_dates,
            now=request.now.astimezone(zone),
            tools=frozenset(tool.name for tool in request.tools),
            parser=partial(
                self._parse_cache.parse,
                find_dates=find_dates,
                place=(request.now, zone.key, request.language),
            ),
            budget=budget,
            max_title=_find_max_title(request.tools),
            language=find_language(request.language),
        )

    def _replay_earlier(self, earlier: Sequence["_Exchange"], dialogue: DialogueState) -> DialogueState:
        """The state after earlier exchanges, whichever model answered them."""
        for number, exchange in enumerate(earlier):
            characters = sum(len(later.text) for later in earlier[number:])
            dialogue = dialogue.hear(exchange.text)
            outcome: Reply | list[PlannedCall] | None = None
            if characters <= _MAX_EARLIER_CHARACTERS_IN_ALL and len(exchange.text) <= _MAX_EARLIER_CHARACTERS:
                with suppress(BudgetExceeded):
                    outcome = _replay_script(exchange, dialogue)
            reply = outcome if isinstance(outcome, Reply) else _infer_reply(exchange.calls)
            dialogue = dialogue.with_calls(exchange.calls).with_reply(reply)
        return dialogue


@dataclass(frozen=True, slots=True)
class _Exchange:
    """A message of the user, and the calls of its answer."""

    text: str
    calls: tuple[ToolCall, ...] = ()

    @property
    def has_changed(self) -> bool:
        return any(call.name in CHANGING_TOOLS for call in self.calls)


def _group_turns(turns: Sequence[Turn]) -> list[_Exchange]:
    exchanges: list[_Exchange] = []
    for turn in turns:
        if isinstance(turn, UserTurn):
            exchanges.append(_Exchange(turn.text))
        elif isinstance(turn, AgentTurn) and exchanges:
            exchanges[-1] = replace(exchanges[-1], calls=exchanges[-1].calls + turn.tool_calls)
    return exchanges


def _find_max_title(tools: Sequence[ToolSpec]) -> int | None:
    """The longest title that add_task takes, by its JSON Schema."""
    parameters = next((tool.parameters for tool in tools if tool.name == "add_task"), {})
    limit = parameters.get("properties", {}).get("title", {}).get("maxLength")
    return limit if isinstance(limit, int) else None


def _infer_reply(calls: Sequence[ToolCall]) -> Reply:
    """The reply of an exchange as far as its calls show it: another model may have made them."""
    listed = [read_tasks(call) for call in calls if call.name == "list_tasks"]
    changed = {task.id: task for call in calls if call.name in CHANGING_TOOLS for task in read_tasks(call)}
    return Reply("", shown=listed[-1] if listed else (), touched=tuple(changed.values()))


def _replay_script(exchange: _Exchange, dialogue: DialogueState) -> Reply | list[PlannedCall] | None:
    """Replay the script of a message: its reply, or the calls of the first step that is not made yet.

    None if the calls that are made are not those of the script. Raises BudgetExceeded past the budget of the dialogue.
    """
    script = _run_message(exchange.text, replace(dialogue, comparer=WordComparer()))
    made = list(exchange.calls)
    try:
        planned = next(script)
        while True:
            dialogue.budget.check()
            outcomes, made = made[: len(planned)], made[len(planned) :]
            if [call.name for call in outcomes] != [call.name for call in planned[: len(outcomes)]]:
                return None
            if len(outcomes) < len(planned):
                return planned[len(outcomes) :]
            planned = script.send(outcomes)
    except StopIteration as end:
        reply: Reply = end.value
        return None if made else reply


def _run_message(message: str, dialogue: DialogueState) -> Script:
    """Run all intents of a message, one after the other, up to the first question."""
    if dialogue.is_foreign and not dialogue.question:
        yield from ()
        return Reply(dialogue.voice.say(talk.UNKNOWN_LANGUAGE))
    intents = interpret_message(message, dialogue) or [Intent("say", text="unknown")]
    texts: list[str] = []
    total = Reply("")
    steps = 0
    for n, intent in enumerate(intents):
        if steps > _MAX_STEPS:
            texts.append(dialogue.voice.say(talk.REPEAT_THE_REST, len(intents) - n))
            break
        reply, taken = yield from _count_steps(_run_intent(intent, dialogue))
        steps += taken
        texts.append(reply.text)
        total = _merge_replies(total, reply)
        dialogue = dialogue.with_reply(reply)
        if reply.question:
            rest = (*intents[n + 1 :], *reply.question.rest)
            question = add_choices(replace(reply.question, rest=rest), dialogue.voice)
            total = replace(total, question=question)
            break
    text = "\n".join(text for text in texts if text)
    return replace(total, text=text or dialogue.voice.get_small_talk("unknown"))


def _count_steps(script: Script) -> Generator[list[PlannedCall], list[ToolCall], tuple[Reply, int]]:
    steps = 0
    try:
        planned = next(script)
        while True:
            steps += 1
            planned = script.send((yield planned))
    except StopIteration as end:
        return end.value, steps


def _run_intent(intent: Intent, dialogue: DialogueState) -> Script:
    """The script of an intent, with an apology as its reply where a tool is missing or a look-up fails."""
    try:
        reply = yield from _SCRIPTS[intent.verb](intent, dialogue)
        is_look = intent.verb in _LOOKS and bool(intent.text)
        if is_look and dialogue.is_asked_for_data and not (reply.shown or reply.touched or reply.question):
            return Reply(dialogue.voice.say(talk.NEEDS_MODEL))  # no task is meant
        return reply
    except ToolUnavailable as missing:
        voice = dialogue.voice
        if dialogue.is_asked_for_data:
            return Reply(voice.say(talk.NEEDS_MODEL))
        tool = voice.say(talk.TOOLS.get(str(missing), talk.OTHER_TOOL))
        return Reply(voice.say(talk.NOT_POSSIBLE_HERE, tool=tool))
    except LookupFailed as failure:
        return Reply(str(failure))


def _merge_replies(first: Reply, second: Reply) -> Reply:
    return Reply("", second.shown or first.shown, second.touched or first.touched, second.question)


def _split_text(text: str) -> Iterator[str]:
    """Split the text into groups of three words: a client sees the answer arrive."""
    return (m[0] for m in re.finditer(r"\s+|(?:\S+\s*){1,3}", text))

# llm/offline/model.py -- the offline brain: a model without a network that understands English about tasks
import re
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, partial
from math import inf
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from llm.offline import replies
from llm.offline.actions import DEEDS, Script, add, change, undo
from llm.offline.budget import Budget, Eyes, TooMuch
from llm.offline.clarifications import answer
from llm.offline.dialogue_state import CHANGES, Reply, Scene, tasks_of
from llm.offline.lookups import check, count, say, show
from llm.offline.parsing.dates import find_when
from llm.offline.parsing.intents import Command
from llm.offline.parsing.parser import Readings
from llm.offline.task_lookup import Call, Failed, Unavailable
from llm.protocol import AgentTurn, ModelEvent, ModelRequest, TextDelta, ToolCall, Turn, UserTurn

_MISFIT = Reply("I stopped here, because what was done so far does not fit what you asked.")
_TOO_MUCH = Reply(
    "That is too long or too complicated for me, so I have changed nothing. Please send it in smaller parts."
)
_REMEMBERED = 12  # earlier messages that are read again to know what "it" and "2" mean
_REREAD = 2000  # characters of an earlier message; what is longer asked no question
_REREAD_IN_ALL = 8000  # characters of all of them, counted from the newest
_CARRY_OUT: dict[str, Callable[[Command, Scene], Script]] = {
    "add": add, "show": show, "count": count, "check": check, "undo": undo, "say": say,
    **dict.fromkeys(DEEDS, change),
}  # fmt: skip
_STEPS = 7  # after so many steps no further command of the same message is begun


@dataclass
class RulesModel:
    """Answers from rules, deterministically, with nothing kept between two requests that would change an answer.

    A message may cost `seconds` of the processor, and the earlier ones together as much again: all of it is time
    in which nobody else is served.

    Every message is carried out by a script: a generator that yields the calls of one step, is sent
    their outcomes, and returns a reply. A request replays the script against the calls that were
    already made and gives out the first step that was not. Earlier messages are replayed in the
    same way, which tells what was shown, touched and asked.
    """

    name = "rules"
    seconds: float = 0.25
    _readings: Readings = field(default_factory=Readings)

    async def respond(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        *earlier, now = _exchanges(request.turns) or [_Exchange("")]
        scene = self._remember(earlier[-_REMEMBERED:], self._scene(request, Budget(self.seconds)))
        try:
            # What was begun is brought to its end: it was read within the budget once.
            budget = Budget(inf if now.has_changed else self.seconds)
            outcome = _play(now, replace(scene, budget=budget))
        except TooMuch:
            outcome = _TOO_MUCH
        if isinstance(outcome, Reply):
            for text in _pieces(outcome.text):
                yield TextDelta(text)
            return
        for n, (name, arguments) in enumerate(outcome, len(now.calls) + 1):
            yield ToolCall(f"call_{n}", name, arguments)

    def _scene(self, request: ModelRequest, budget: Budget) -> Scene:
        try:
            zone = ZoneInfo(request.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            zone = ZoneInfo("UTC")  # a name this machine does not know must not keep anyone from their tasks
        find = cache(partial(find_when, now=request.now, tz=zone))
        return Scene(
            find=find,
            today=request.now.astimezone(zone).date(),
            tools=frozenset(tool.name for tool in request.tools),
            reader=partial(self._readings.read, find=find, seen_from=(request.now, zone.key)),
            budget=budget,
        )

    def _remember(self, earlier: Sequence["_Exchange"], scene: Scene) -> Scene:
        """The scene after earlier exchanges, whichever model answered them."""
        for number, exchange in enumerate(earlier):
            read_again = sum(len(later.text) for later in earlier[number:]) <= _REREAD_IN_ALL
            outcome: Reply | list[Call] | None = None
            if read_again and len(exchange.text) <= _REREAD:
                with suppress(TooMuch):
                    outcome = _play(exchange, scene)
            after = scene.with_calls(exchange.calls)
            told = outcome if isinstance(outcome, Reply) and outcome != _MISFIT else _guess(exchange.calls)
            scene = after.after(told)
        return scene


@dataclass(frozen=True, slots=True)
class _Exchange:
    """A message of the person, and the calls that were made to answer it."""

    text: str
    calls: tuple[ToolCall, ...] = ()

    @property
    def has_changed(self) -> bool:
        return any(call.name in CHANGES for call in self.calls)


def _exchanges(turns: Sequence[Turn]) -> list[_Exchange]:
    found: list[_Exchange] = []
    for turn in turns:
        if isinstance(turn, UserTurn):
            found.append(_Exchange(turn.text))
        elif isinstance(turn, AgentTurn) and found:
            found[-1] = replace(found[-1], calls=found[-1].calls + turn.tool_calls)
    return found


def _guess(calls: Sequence[ToolCall]) -> Reply:
    """What an exchange showed and touched, judged by its calls alone: another model may have made them."""
    listed = [tasks_of(call) for call in calls if call.name == "list_tasks"]
    changed = {task.id: task for call in calls if call.name in CHANGES for task in tasks_of(call)}
    return Reply("", shown=listed[-1] if listed else (), touched=tuple(changed.values()))


def _play(exchange: _Exchange, scene: Scene) -> Reply | list[Call]:
    """Replay the script of a message: its reply, or the calls of the first step not yet made.

    Raises TooMuch past the scene's budget.
    """
    script = _converse(exchange.text, replace(scene, eyes=Eyes()))
    made = list(exchange.calls)
    try:
        wanted = next(script)
        while True:
            scene.budget.check()
            given, made = made[: len(wanted)], made[len(wanted) :]
            if [call.name for call in given] != [name for name, _ in wanted[: len(given)]]:
                return _MISFIT
            if len(given) < len(wanted):
                return wanted[len(given) :]
            wanted = script.send(given)
    except StopIteration as end:
        reply: Reply = end.value
        return _MISFIT if made else reply


def _converse(message: str, scene: Scene) -> Script:
    """Carry out all commands of a message, one after the other, up to the first question."""
    commands = answer(message, scene) or [Command("say", text="unknown")]
    said: list[str] = []
    total = Reply("")
    steps = 0
    for n, command in enumerate(commands):
        if steps > _STEPS:
            said.append(
                f"That is as much as I do at once. Please repeat the last {len(commands) - n} requests."
            )
            break
        script = _guarded(command, scene)
        reply, taken = yield from _counted(script)
        steps += taken
        said.append(reply.text)
        total = _merged(total, reply)
        scene = scene.after(reply)
        if reply.question:
            rest = (*commands[n + 1 :], *reply.question.rest)
            total = replace(total, question=replace(reply.question, rest=rest))
            break
    return replace(total, text="\n".join(text for text in said if text) or replies.say("unknown"))


def _counted(script: Script) -> Generator[list[Call], list[ToolCall], tuple[Reply, int]]:
    steps = 0
    try:
        wanted = next(script)
        while True:
            steps += 1
            wanted = script.send((yield wanted))
    except StopIteration as end:
        return end.value, steps


def _guarded(command: Command, scene: Scene) -> Script:
    """The script of a command; what it cannot do is said in words."""
    try:
        return (yield from _CARRY_OUT[command.verb](command, scene))
    except Unavailable as missing:
        return Reply(
            f"I can't do that here: {replies.TOOLS.get(str(missing), 'the tool for it')} is not possible."
        )
    except Failed as failure:
        return Reply(str(failure))


def _merged(first: Reply, second: Reply) -> Reply:
    return Reply("", second.shown or first.shown, second.touched or first.touched, second.question)


def _pieces(text: str) -> Iterator[str]:
    """The text in groups of three words, so that an answer can be seen to arrive."""
    return (m[0] for m in re.finditer(r"\s+|(?:\S+\s*){1,3}", text))

# llm/offline/task_lookup.py -- from the words for a task to the task itself: what to look up, whom to ask
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from llm.offline import replies
from llm.offline.dialogue_state import Question, Scene, has_more, tasks_of
from llm.offline.parsing.intents import Command
from llm.offline.parsing.task_references import (
    MOST,
    Mention,
    Task,
    matches,
    near_matches,
    read_mention,
    search_word,
)
from llm.protocol import ToolCall

Call = tuple[str, dict[str, Any]]
Calls = Generator[list[Call], list[ToolCall], list[ToolCall]]
WIDEST = 200  # the most that list_tasks gives at once
LONGEST_QUERY = 200  # characters that it looks for


class Unavailable(Exception):
    """A tool that a command needs is not among those of the request."""


class Failed(Exception):
    """A look at the tasks came back with an error; the message says so."""


@dataclass(frozen=True, slots=True)
class Found:
    """The tasks a command is about, what is to be said about the others, and what has to be asked first.

    `fresh` says that they were read in this run; `more` that there are further ones.
    """

    tasks: tuple[Task, ...] = ()
    problems: tuple[str, ...] = ()
    question: Question | None = None
    fresh: bool = True
    more: bool = False


Finding = Generator[list[Call], list[ToolCall], Found]


def run(scene: Scene, calls: Sequence[Call]) -> Calls:
    """Make the calls, in one step; every script makes its calls through here."""
    for name, _ in calls:
        if name not in scene.tools:
            raise Unavailable(name)
    return (yield list(calls)) if calls else []


def listing(scene: Scene, *queries: dict[str, Any]) -> Calls:
    """One list_tasks for each query; arguments that are None or empty are left out."""
    wanted = [{key: value for key, value in query.items() if value not in (None, "")} for query in queries]
    calls = yield from run(scene, [("list_tasks", query) for query in wanted])
    for call in calls:
        if call.error is not None or not isinstance(call.result, dict):
            raise Failed(f"I could not look at your tasks: {call.error or 'the answer made no sense'}")
    return calls


def find_tasks(command: Command, scene: Scene, wanted: bool | None) -> Finding:
    """The tasks that `command` means; where `wanted` is given, only open or only done ones count."""
    if command.chosen:
        return Found(command.chosen, fresh=False)
    mention = read_mention(command.target)
    if mention.kind == "all":
        return (yield from _all(command, mention, scene, wanted))
    if mention.kind == "words" and command.target:
        return (yield from _by_words(command, mention.parts, scene, wanted))
    remembered = _remembered(mention, scene)
    if remembered is None:
        return (yield from _ask_for_one(command, scene, wanted))
    return remembered


def _remembered(mention: Mention, scene: Scene) -> Found | None:
    """What a position or "it" means in this conversation; None if there is nothing to refer to."""
    if mention.kind == "place" and scene.shown:
        return _at_places(mention.positions, scene.shown)
    if mention.kind == "it" and len(scene.touched or scene.shown) == 1:
        return Found(scene.touched or scene.shown, fresh=False)
    if mention.kind == "them":
        for several in (scene.touched, scene.shown):
            if len(several) > 1 and mention.count in (0, len(several)):
                return Found(several[:MOST], fresh=False)
    return None


def _at_places(positions: Iterable[int], shown: tuple[Task, ...]) -> Found:
    tasks, missing = [], []
    for position in positions:
        index = position - 1 if position > 0 else len(shown) + position
        if 0 <= index < len(shown):
            tasks.append(shown[index])
        else:
            missing.append(str(abs(position)))
    have = "has only one task" if len(shown) == 1 else f"has {len(shown)} tasks"
    problem = f"There is no number {replies.joined(missing, 'or')}: the last list {have}."
    return Found(_unique(tasks)[:MOST], (problem,) if missing else (), fresh=False)


def _ask_for_one(command: Command, scene: Scene, wanted: bool | None) -> Finding:
    """Nothing was shown or touched that the words could point at: show what there is and ask."""
    [call] = yield from listing(scene, {"completed": wanted, "limit": MOST})
    options = tasks_of(call)
    if not options:
        return Found(problems=(nothing(wanted),))
    return Found(question=Question(command, options))


def _all(command: Command, mention: Mention, scene: Scene, wanted: bool | None) -> Finding:
    state = mention.state if wanted is None else wanted
    [call] = yield from listing(scene, {"completed": state, "q": mention.about, "limit": MOST})
    tasks = tasks_of(call)
    if mention.but:
        spared = _spared(mention.but, tasks, scene)
        if not spared:
            return Found(
                problems=(f"I found no task like {replies.quoted(mention.but)}, so I left all as they are.",)
            )
        tasks = tuple(task for task in tasks if task.id not in {other.id for other in spared})
        if not tasks:
            return Found(problems=(f"There is nothing but {replies.named(spared)}.",))
    return Found(tasks, () if tasks else (nothing(state, mention.about),), more=has_more(call))


def _spared(but: str, tasks: tuple[Task, ...], scene: Scene) -> tuple[Task, ...]:
    mention = read_mention(but)
    if mention.kind != "words":
        remembered = _remembered(mention, scene)
        return remembered.tasks if remembered and not remembered.problems else ()
    parts = mention.parts[1:] or mention.parts
    found = [matches(part, tasks) for part in parts]
    return tuple(task for some in found for task in some) if all(found) else ()


def nothing(state: bool | None, about: str = "") -> str:
    if about:
        return f"I found no task about {replies.quoted(about)}."
    return {
        None: "You have no tasks.",
        False: "You have no open tasks.",
        True: "You have no completed tasks.",
    }[state]


def _by_words(command: Command, parts: tuple[str, ...], scene: Scene, wanted: bool | None) -> Finding:
    """Search for a word of each part; what that does not find is looked for in the whole list."""
    if any(_placed(part, scene) for part in parts[1:]):  # "milk and number 3" is no title
        parts = ("", *parts[1:])
    queries = dict.fromkeys(search_word(part) for part in parts[:MOST] if part and not _placed(part, scene))
    calls = yield from listing(scene, *({"q": query, "completed": wanted} for query in queries))
    pool = _unique(task for call in calls for task in tasks_of(call))
    hits = _hits(parts, pool, scene)
    if any(has_more(call) for call in calls):  # the best match may be among those that were not listed
        hits = dict.fromkeys(hits, ())
    missing = [part for part, tasks in hits.items() if not tasks]
    found = Found(*_sort_out(command, hits))
    if not missing:
        return found
    [call] = yield from listing(scene, {"limit": WIDEST})
    return _second_look(command, parts, missing, found, tasks_of(call), wanted, scene)


def _hits(parts: tuple[str, ...], pool: tuple[Task, ...], scene: Scene) -> dict[str, tuple[Task, ...]]:
    """For each part the tasks that it names; the whole phrase alone, where that is what names one."""
    whole = matches(parts[0], pool)
    if whole or len(parts) == 1:
        return {parts[0]: whole}
    return {part: _placed(part, scene) or matches(part, pool) for part in parts[1:]}


def _placed(part: str, scene: Scene) -> tuple[Task, ...]:
    """The second part of "milk and number 3"."""
    remembered = _remembered(read_mention(part), scene)
    return remembered.tasks if remembered else ()


def _sort_out(
    command: Command, hits: dict[str, tuple[Task, ...]]
) -> tuple[tuple[Task, ...], tuple[str, ...], Question | None]:
    clear = _unique(tasks[0] for tasks in hits.values() if len(tasks) == 1)
    unclear = _unique(task for tasks in hits.values() if len(tasks) > 1 for task in tasks)
    return clear, (), Question(command, unclear[:MOST]) if unclear else None


def _second_look(
    command: Command,
    parts: tuple[str, ...],
    missing: list[str],
    found: Found,
    everything: tuple[Task, ...],
    wanted: bool | None,
    scene: Scene,
) -> Found:
    fitting = tuple(task for task in everything if wanted is None or task.completed is wanted)
    if len(parts) > 1 and (whole := matches(parts[0], fitting)):
        return Found(*_sort_out(command, {parts[0]: whole}))
    hits = {part: matches(part, fitting) for part in missing}
    tasks, _, question = _sort_out(command, hits)
    problems: list[str] = []
    near: list[Task] = []
    for part in (part for part, some in hits.items() if not some):
        if other := matches(part, everything):
            problems += [
                f"{replies.quoted(task.title)} is already {'done' if task.completed else 'open'}."
                for task in other
            ]
            continue
        near += near_matches(part, fitting, scene.eyes)
        kind = {None: "task", False: "open task", True: "completed task"}[wanted]
        problems.append(f"I found no {kind} like {replies.quoted(part)}.")
    options = _unique(
        [*(found.question.options if found.question else ()), *(question.options if question else ()), *near]
    )
    return Found(
        _unique([*found.tasks, *tasks]),
        replies.first(problems),
        Question(command, options[:MOST]) if options else None,
    )


def refreshed(found: Found, scene: Scene) -> Finding:
    """The same tasks as they are now, for what builds on their description; those that are gone are told."""
    if (found.fresh and not any(task.shortened for task in found.tasks)) or not found.tasks:
        return found
    calls = yield from listing(scene, *({"q": task.title[:LONGEST_QUERY]} for task in found.tasks))
    now = {task.id: task for call in calls for task in tasks_of(call)}
    gone = [task for task in found.tasks if task.id not in now]
    problems = [f"I can no longer find {replies.quoted(task.title)}." for task in gone]
    tasks = tuple(now[task.id] for task in found.tasks if task.id in now)
    return replace(found, tasks=tasks, problems=(*found.problems, *problems), fresh=True)


def best_reading(command: Command, scene: Scene) -> Generator[list[Call], list[ToolCall], Command]:
    """Of the ways to cut "rename A to B to C", the one with the longest A that names a task."""
    readings = sorted((command, *command.others), key=lambda reading: -len(reading.target))
    if not command.others or read_mention(command.target).kind != "words":
        return command
    queries = dict.fromkeys(search_word(reading.target) for reading in readings)
    calls = yield from listing(scene, *({"q": query} for query in queries))
    pool = _unique(task for call in calls for task in tasks_of(call))
    for reading in readings:
        if len(found := matches(reading.target, pool)) == 1:
            return replace(reading, chosen=found)
    return command


def _unique(tasks: Iterable[Task]) -> tuple[Task, ...]:
    return tuple({task.id: task for task in tasks}.values())

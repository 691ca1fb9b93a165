# llm/offline/finding/task_lookup.py -- resolves a reference to tasks, by the dialogue or with list_tasks
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from llm.offline.dialogue_state import DialogueState, Question, has_more, read_tasks
from llm.offline.finding.narrowing import plan_filter, read_days
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.task_references import (
    MAX_TASKS,
    TaskReference,
    TaskView,
    choose_search_word,
    find_matches,
    find_near_matches,
    is_named,
    parse_reference,
)
from llm.offline.replies import Voice, name_state
from llm.offline.sentences import lists
from llm.protocol import ToolCall
from models.shapes import JsonObject

MAX_LISTED = 200  # the largest `limit` of list_tasks
MAX_QUERY_CHARACTERS = 200  # the longest `q` of list_tasks


class PlannedCall(NamedTuple):
    """A call of a tool that is still to be made."""

    name: str
    arguments: JsonObject


CallScript = Generator[list[PlannedCall], list[ToolCall], list[ToolCall]]


class ToolUnavailable(Exception):
    """The request lacks a tool that an intent needs; the message is the tool's name."""


class LookupFailed(Exception):
    """list_tasks failed; the message tells the user."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """The tasks that an intent refers to.

    `problems`: a sentence for each part of the reference that matches none. `question`: asks which task an ambiguous
    part means. `fresh`: a call of this run returned the tasks. `more`: the tools have further tasks that match.
    `unknown`: no task is like any part of the reference.
    """

    tasks: tuple[TaskView, ...] = ()
    problems: tuple[str, ...] = ()
    question: Question | None = None
    fresh: bool = True
    more: bool = False
    unknown: bool = False


ResolutionScript = Generator[list[PlannedCall], list[ToolCall], Resolution]


def make_calls(dialogue: DialogueState, calls: Sequence[PlannedCall]) -> CallScript:
    """Make the calls in one step. Every script makes its calls here: it checks that the request has their tools."""
    for call in calls:
        if call.name not in dialogue.tools:
            raise ToolUnavailable(call.name)
    return (yield list(calls)) if calls else []


def list_tasks(dialogue: DialogueState, *queries: JsonObject) -> CallScript:
    """Call list_tasks once for each query, without the arguments that are None or empty."""
    given = [{key: value for key, value in query.items() if value not in (None, "")} for query in queries]
    calls = yield from make_calls(dialogue, [PlannedCall("list_tasks", query) for query in given])
    for call in calls:
        if call.error is not None or not isinstance(call.result, dict):
            reason = call.error or dialogue.voice.say(lists.NO_SENSE)
            raise LookupFailed(dialogue.voice.say(lists.NO_LOOK, reason=reason))
    return calls


def resolve_tasks(intent: Intent, dialogue: DialogueState, completed: bool | None) -> ResolutionScript:
    """The tasks that `intent` refers to; `completed` restricts them to open or to completed ones."""
    if intent.tasks:
        return Resolution(intent.tasks, fresh=False)
    reference = parse_reference(intent.target)
    if reference.kind == "all":
        return (yield from _resolve_all(intent, reference, dialogue, completed))
    if reference.kind == "words" and intent.target:
        return (yield from _resolve_words(intent, reference.parts, dialogue, completed))
    resolution = _resolve_in_dialogue(reference, dialogue)
    if resolution is None:
        return (yield from _ask_for_one(intent, dialogue, completed))
    return resolution


def _resolve_in_dialogue(reference: TaskReference, dialogue: DialogueState) -> Resolution | None:
    """What a position or "it" means in this conversation; None if there is nothing to refer to."""
    if reference.kind == "position" and dialogue.shown:
        return _resolve_positions(reference.positions, dialogue.shown, dialogue.voice)
    if reference.kind == "it" and len(dialogue.touched or dialogue.shown) == 1:
        return Resolution(dialogue.touched or dialogue.shown, fresh=False)
    if reference.kind == "them":
        for several in (dialogue.touched, dialogue.shown):
            if len(several) > 1 and reference.count in (0, len(several)):
                return Resolution(several[:MAX_TASKS], fresh=False)
    return None


def _resolve_positions(positions: Iterable[int], shown: tuple[TaskView, ...], voice: Voice) -> Resolution:
    tasks, missing = [], []
    for position in positions:
        index = position - 1 if position > 0 else len(shown) + position
        if 0 <= index < len(shown):
            tasks.append(shown[index])
        else:
            missing.append(str(abs(position)))
    numbers = voice.join_phrases(missing, lists.OR)
    problem = voice.say(lists.NO_SUCH_NUMBER, len(shown), numbers=numbers)
    return Resolution(_drop_duplicates(tasks)[:MAX_TASKS], (problem,) if missing else (), fresh=False)


def _ask_for_one(intent: Intent, dialogue: DialogueState, completed: bool | None) -> ResolutionScript:
    """List the tasks and ask for one: the dialogue has nothing that the reference could mean."""
    [call] = yield from list_tasks(dialogue, {"completed": completed, "limit": MAX_TASKS})
    options = read_tasks(call)
    if not options:
        return Resolution(problems=(dialogue.voice.describe_empty_list(completed),))
    return Resolution(question=Question(intent, options))


def _resolve_all(
    intent: Intent, reference: TaskReference, dialogue: DialogueState, completed: bool | None
) -> ResolutionScript:
    voice = dialogue.voice
    state = reference.completed if completed is None else completed
    if intent.verb == "move" and state is None:
        state = False  # what is done needs no other day
    narrow = plan_filter(intent.list_name, read_days(intent.due_day), reference.overdue)
    query: JsonObject = {
        "completed": state,
        "q": reference.about,
        "limit": MAX_LISTED if narrow else MAX_TASKS,
    }
    [call] = yield from list_tasks(dialogue, query | narrow)
    tasks = read_tasks(call)
    if narrow and not tasks:
        kind = "overdue" if reference.overdue else name_state(state)
        topic = dialogue.voice.describe_topic(reference.about, intent.list_name, read_days(intent.due_day))
        return Resolution(problems=(dialogue.voice.say(lists.FOUND_NONE[kind], topic=topic),))
    if reference.but:
        exceptions = _find_exceptions(reference.but, tasks, dialogue)
        if not exceptions:
            title = voice.quote_title(reference.but)
            return Resolution(problems=(voice.say(lists.LEFT_ALL, title=title),))
        tasks = tuple(task for task in tasks if task.id not in {exception.id for exception in exceptions})
        if not tasks:
            titles = voice.format_titles(exceptions)
            return Resolution(problems=(voice.say(lists.NOTHING_BUT, titles=titles),))
    problems = () if tasks else (voice.describe_empty_list(state, reference.about),)
    return Resolution(tasks, problems, more=has_more(call))


def _find_exceptions(but: str, tasks: tuple[TaskView, ...], dialogue: DialogueState) -> tuple[TaskView, ...]:
    reference = parse_reference(but)
    if reference.kind != "words":
        resolution = _resolve_in_dialogue(reference, dialogue)
        return resolution.tasks if resolution and not resolution.problems else ()
    parts = reference.parts[1:] or reference.parts
    matches = [find_matches(part, tasks) for part in parts]
    return tuple(task for match in matches for task in match) if all(matches) else ()


def _resolve_words(
    intent: Intent, parts: tuple[str, ...], dialogue: DialogueState, completed: bool | None
) -> ResolutionScript:
    """Search for one word of each part, and search the whole list for the parts that this leaves without a task."""
    if any(
        _resolve_part_in_dialogue(part, dialogue) for part in parts[1:]
    ):  # "milk and number 3" is no title
        parts = ("", *parts[1:])
    queries = dict.fromkeys(
        choose_search_word(part)
        for part in parts[:MAX_TASKS]
        if part and not _resolve_part_in_dialogue(part, dialogue)
    )
    hits: dict[str, tuple[TaskView, ...]] = {}
    for place in dict.fromkeys(
        [intent.list_name or None, None]
    ):  # on the list that was named, and then anywhere
        calls = yield from list_tasks(
            dialogue, *({"q": query, "completed": completed, "list": place} for query in queries)
        )
        pool = _drop_duplicates(task for call in calls for task in read_tasks(call))
        hits = _match_parts(parts, pool, dialogue)
        if any(has_more(call) for call in calls):  # a better match may be among the tasks that are not listed
            hits = dict.fromkeys(hits, ())
        if all(hits.values()):
            break
    missing = [part for part, tasks in hits.items() if not tasks]
    resolution = _separate_ambiguous(intent, hits)
    if not missing:
        return resolution
    [call] = yield from list_tasks(dialogue, {"limit": MAX_LISTED})
    return _search_whole_list(intent, parts, missing, resolution, read_tasks(call), completed, dialogue)


def _match_parts(
    parts: tuple[str, ...], pool: tuple[TaskView, ...], dialogue: DialogueState
) -> dict[str, tuple[TaskView, ...]]:
    """The tasks that each part names; those of the whole phrase alone, if it names any."""
    whole = find_matches(parts[0], pool)
    if whole or len(parts) == 1:
        return {parts[0]: whole}
    return {part: _resolve_part_in_dialogue(part, dialogue) or find_matches(part, pool) for part in parts[1:]}


def _resolve_part_in_dialogue(part: str, dialogue: DialogueState) -> tuple[TaskView, ...]:
    """The task of "number 3" in "milk and number 3"."""
    resolution = _resolve_in_dialogue(parse_reference(part), dialogue)
    return resolution.tasks if resolution else ()


def _separate_ambiguous(intent: Intent, hits: dict[str, tuple[TaskView, ...]]) -> Resolution:
    """The tasks of parts that name one, and a question for the parts that name several, or one by few of its words."""

    def is_meant(part: str, task: TaskView) -> bool:
        position = parse_reference(part).kind != "words"
        return position or is_named(part, task)

    named = {part: tasks for part, tasks in hits.items() if len(tasks) == 1 and is_meant(part, tasks[0])}
    clear = _drop_duplicates(tasks[0] for tasks in named.values())
    unclear = _drop_duplicates(task for part, tasks in hits.items() if part not in named for task in tasks)
    return Resolution(clear, question=Question(intent, unclear[:MAX_TASKS]) if unclear else None)


def _search_whole_list(
    intent: Intent,
    parts: tuple[str, ...],
    missing: list[str],
    first: Resolution,
    everything: tuple[TaskView, ...],
    completed: bool | None,
    dialogue: DialogueState,
) -> Resolution:
    """The first resolution, with what the whole list has for the missing parts."""
    eligible = tuple(task for task in everything if completed is None or task.completed is completed)
    if len(parts) > 1 and (whole := find_matches(parts[0], eligible)):
        return _separate_ambiguous(intent, {parts[0]: whole})
    hits = {part: find_matches(part, eligible) for part in missing}
    second = _separate_ambiguous(intent, hits)
    voice, known = dialogue.voice, False
    problems: list[str] = []
    near: list[TaskView] = []
    for part in (part for part, tasks in hits.items() if not tasks):
        if others := find_matches(part, everything):
            problems += [
                voice.say(
                    lists.ALREADY_DONE if task.completed else lists.ALREADY_OPEN,
                    title=voice.quote_title(task.title),
                )
                for task in others
            ]
            known = True
            continue
        near += find_near_matches(part, eligible, dialogue.comparer)
        topic = voice.say(lists.LIKE, title=voice.quote_title(part))
        problems.append(voice.say(lists.FOUND_NONE[name_state(completed)], topic=topic))
    questions = [resolution.question for resolution in (first, second) if resolution.question]
    options = _drop_duplicates([*(task for question in questions for task in question.options), *near])
    tasks = _drop_duplicates([*first.tasks, *second.tasks])
    return Resolution(
        tasks,
        voice.limit_lines(problems),
        Question(intent, options[:MAX_TASKS]) if options else None,
        unknown=not (tasks or options or known),
    )


def refresh_tasks(resolution: Resolution, dialogue: DialogueState) -> ResolutionScript:
    """Read the tasks again if their descriptions may be old or shortened; a problem tells of each that is gone."""
    old = resolution.tasks
    if not old or (resolution.fresh and not any(task.shortened for task in old)):
        return resolution
    calls = yield from list_tasks(dialogue, *({"q": task.title[:MAX_QUERY_CHARACTERS]} for task in old))
    current = {task.id: task for call in calls for task in read_tasks(call)}
    gone = [task for task in old if task.id not in current]
    voice = dialogue.voice
    problems = [voice.say(lists.GONE, title=voice.quote_title(task.title)) for task in gone]
    tasks = tuple(current[task.id] for task in old if task.id in current)
    return replace(resolution, tasks=tasks, problems=(*resolution.problems, *problems), fresh=True)


def choose_alternative(
    intent: Intent, dialogue: DialogueState
) -> Generator[list[PlannedCall], list[ToolCall], Intent]:
    """Of the ways to cut "rename A to B to C" into slots, choose the one with the longest A that names a task."""
    if not intent.alternatives or parse_reference(intent.target).kind != "words":
        return intent
    intents = sorted((intent, *intent.alternatives), key=lambda other: -len(other.target))
    queries = dict.fromkeys(choose_search_word(other.target) for other in intents)
    calls = yield from list_tasks(dialogue, *({"q": query} for query in queries))
    pool = _drop_duplicates(task for call in calls for task in read_tasks(call))
    for other in intents:
        tasks = find_matches(other.target, pool)
        if len(tasks) == 1 and is_named(other.target, tasks[0]):
            return replace(other, tasks=tasks)
    return intent


def _drop_duplicates(tasks: Iterable[TaskView]) -> tuple[TaskView, ...]:
    return tuple({task.id: task for task in tasks}.values())

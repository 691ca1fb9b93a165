# llm/offline/finding/list_places.py -- what a named list means for a change: keep to it, and add nothing twice
from collections.abc import Generator, Sequence
from dataclasses import replace

from llm.offline.dialogue_state import DialogueState, Question, read_tasks
from llm.offline.finding.narrowing import narrow_tasks
from llm.offline.finding.task_lookup import PlannedCall, Resolution, list_tasks
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.task_references import choose_search_word, find_matches, is_named
from llm.offline.parsing.task_titles import TaskDraft
from llm.offline.replies import Voice
from llm.offline.sentences import lists
from llm.protocol import ToolCall
from models.shapes import JsonObject

DraftScript = Generator[list[PlannedCall], list[ToolCall], tuple[list[TaskDraft], tuple[str, ...]]]


def keep_to_list(intent: Intent, resolution: Resolution, voice: Voice) -> Resolution:
    """The tasks that are on the list that was named.

    One that is on the main list is meant too, and the answer says where it was; of one on another list it is asked.
    """
    if not intent.list_name or intent.tasks:
        return resolution
    question = resolution.question
    if question and (options := narrow_tasks(question.options, intent.list_name)):
        resolution = replace(resolution, question=replace(question, options=options))
    if not resolution.tasks:
        return resolution
    if kept := narrow_tasks(resolution.tasks, intent.list_name):
        return replace(resolution, tasks=kept)
    if any(task.list_name for task in resolution.tasks):
        problem = voice.say(lists.FOUND_NONE[""], topic=voice.describe_topic("", intent.list_name))
        return Resolution(problems=(problem,), question=Question(intent, resolution.tasks))
    problem = voice.say(lists.FOUND_ELSEWHERE, name=voice.quote_title(intent.list_name))
    return replace(resolution, problems=(*resolution.problems, problem))


def drop_listed(drafts: Sequence[TaskDraft], list_name: str | None, dialogue: DialogueState) -> DraftScript:
    """The drafts that are not on the list yet, and a sentence for each that is."""
    queries: list[JsonObject] = [
        {"q": choose_search_word(draft.title), "completed": False, "list": list_name} for draft in drafts
    ]
    calls = yield from list_tasks(dialogue, *queries)
    new: list[TaskDraft] = []
    there: list[str] = []
    for draft, call in zip(drafts, calls, strict=True):
        found = find_matches(draft.title, narrow_tasks(read_tasks(call), list_name))
        if any(is_named(draft.title, task) for task in found):
            there.append(
                dialogue.voice.say(lists.THERE_ALREADY, title=dialogue.voice.quote_title(draft.title))
            )
        else:
            new.append(draft)
    return new, tuple(there)

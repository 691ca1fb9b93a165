# llm/offline/confirmations.py -- what is asked before a change that may not be meant
from collections.abc import Sequence
from dataclasses import replace

from llm.offline.dialogue_state import Question, Reply
from llm.offline.finding.task_lookup import Resolution
from llm.offline.parsing.errands import names_device
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.services import is_kept
from llm.offline.parsing.task_references import MAX_TASKS, TaskView, parse_reference, strip_wrapping
from llm.offline.parsing.task_titles import TaskDraft
from llm.offline.replies import Voice
from llm.offline.sentences import changes, questions
from llm.offline.sentences.sentence import Sentence

_MAX_WITHOUT_QUESTION = 3  # tasks that one phrase such as "everything" changes at once
_MAX_NAMED = 10  # of them that the question names
_MAX_OFFERED = 3  # titles in the question whether something is a task


def is_bulk(intent: Intent, tasks: Sequence[TaskView]) -> bool:
    """Whether the words took in more tasks than one keeps in mind: "everything", "them"; not tasks named one by one."""
    if intent.tasks or len(tasks) <= _MAX_WITHOUT_QUESTION:
        return False
    return parse_reference(intent.target).kind in ("all", "them")


def ask_for_all(verb: Sentence, resolution: Resolution, voice: Voice) -> str:
    tasks = resolution.tasks[:MAX_TASKS]
    rows = [f"- {voice.quote_title(task.title)}" for task in tasks[:_MAX_NAMED]]
    if left := len(tasks) - len(rows):
        rows.append(f"- {voice.say(questions.AND_MORE, left)}")
    asking = voice.say(questions.ASK_FOR_ALL, len(tasks), verb=voice.say(verb), titles="\n".join(rows))
    more = voice.say(changes.MORE_TO_CHANGE, MAX_TASKS) if resolution.more else ""
    return f"{asking}\n{more}".strip()


def may_mean_device(intent: Intent, tasks: Sequence[TaskView]) -> bool:
    """ "Set my alarm for 6", "delete my account": said of a thing, they hardly mean a task that has its name."""
    named = not intent.tasks and (names_device(intent.target) or is_kept(intent.target))
    return named and all(task.title.lower() != strip_wrapping(intent.target).lower() for task in tasks)


def offer_tasks(intent: Intent, drafts: Sequence[TaskDraft], voice: Voice) -> Reply:
    """Ask whether what was said is a task: it may be meant for a device, or for an assistant that knows more."""
    titles = [voice.quote_title(draft.title) for draft in drafts[:_MAX_OFFERED]]
    if left := len(drafts) - len(titles):
        titles.append(voice.say(questions.AND_MORE, left))
    asking = voice.say(questions.OFFER, len(drafts), titles=voice.join_phrases(titles))
    return Reply(asking, question=Question(replace(intent, sure=True), together=True))

# llm/offline/undo.py -- the script of "undo": with the tool of that name all of the answer that changed something last
from collections.abc import Mapping

from llm.offline.actions import Script, describe_failure, undo_changes
from llm.offline.dialogue_state import DialogueState, Reply, read_tasks
from llm.offline.finding.task_lookup import PlannedCall, make_calls
from llm.offline.parsing.intents import Intent
from llm.offline.sentences import changes
from llm.offline.sentences.sentence import Sentence
from llm.protocol import ToolCall

_MAX_LINES = 12  # tasks that have a line each
_LINES: Mapping[str, Sentence] = {
    "created": changes.BACK_ON_THE_LIST,
    "updated": changes.AS_BEFORE,
    "deleted": changes.OFF_THE_LIST_AGAIN,
}


def undo_answer(intent: Intent, dialogue: DialogueState) -> Script:
    """Revert the changes of the last message that made any; without the tool one by one, as far as they are known."""
    run_id = dialogue.changes[-1].run_id if dialogue.changes else ""
    if "undo" not in dialogue.tools or not run_id:
        return (yield from undo_changes(intent, dialogue))
    [outcome] = yield from make_calls(dialogue, [PlannedCall("undo", {"run_id": run_id})])
    tasks = read_tasks(outcome)
    if not tasks:
        title = dialogue.changes[-1].after.title
        return Reply(describe_failure(changes.UNDO_CHANGE, title, outcome, dialogue.voice))
    if len(tasks) > _MAX_LINES:
        return Reply(dialogue.voice.say(changes.ALL_AS_BEFORE, _count_tasks(outcome)), touched=tasks)
    actions = [task["action"] for task in outcome.result["tasks"]] if isinstance(outcome.result, dict) else []
    lines = [
        dialogue.voice.say(_LINES[action], title=dialogue.voice.quote_title(task.title))
        for action, task in zip(actions, tasks, strict=True)
    ]
    return Reply("\n".join(lines), touched=tasks)


def _count_tasks(outcome: ToolCall) -> int:
    return int(outcome.result["count"]) if isinstance(outcome.result, dict) else 0

# test_budget.py -- what one message may cost the offline model, and how long its answers are
import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from llm.offline.budget import WordComparer
from llm.offline.model import OfflineModel
from llm.offline.parsing import parser
from llm.offline.parsing.task_references import TaskView, find_near_matches
from llm.offline.parsing.task_titles import strip_title
from llm.protocol import AgentTurn, ModelEvent, ModelRequest, TextDelta, ToolCall, UserTurn
from support.llm.offline.talk import NAMES, NOW, Talk, make_specs, talk
from support.llm.offline.utterances import HOME
from support.processor_time import cost

TOO_MUCH = "That is too long or too complicated for me, so I have changed nothing."


def ask_model(model: OfflineModel, conversation: Talk) -> list[ModelEvent]:
    async def ask() -> list[ModelEvent]:
        request = ModelRequest("", conversation.turns, make_specs(NAMES), NOW, "UTC")
        return [event async for event in model.respond(request)]

    return asyncio.run(ask())


def text_of(events: list[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def test_past_its_budget_a_message_changes_nothing_and_is_told_so() -> None:
    conversation = talk(*HOME)
    conversation.turns.append(UserTurn("add buy eggs and delete buy milk"))
    [*events] = ask_model(OfflineModel(seconds=0), conversation)
    assert text_of(events).startswith(TOO_MUCH)
    assert not [event for event in events if isinstance(event, ToolCall)]


def test_a_message_that_was_begun_is_brought_to_its_end_whatever_it_costs() -> None:
    conversation = talk()
    conversation.turns.append(UserTurn("add buy eggs and call mom. What's left?"))
    first = [event for event in ask_model(OfflineModel(), conversation) if isinstance(event, ToolCall)]
    made = tuple(conversation._execute(call) for call in first)
    conversation.turns.append(AgentTurn("", made))
    assert [call.name for call in made] == ["add_task", "add_task"]
    [further] = ask_model(OfflineModel(seconds=0), conversation)
    assert isinstance(further, ToolCall)
    assert further.name == "list_tasks"


def test_a_look_that_turned_out_too_much_work_changes_nothing() -> None:
    conversation = talk(*HOME)
    conversation.turns.append(UserTurn("delete buy milk"))
    model = OfflineModel()
    [look] = ask_model(model, conversation)
    assert isinstance(look, ToolCall)
    conversation.turns.append(AgentTurn("", (conversation._execute(look),)))
    assert text_of(ask_model(OfflineModel(seconds=0), conversation)).startswith(TOO_MUCH)
    [deletion] = ask_model(model, conversation)
    assert isinstance(deletion, ToolCall)


def test_what_was_said_before_does_not_make_a_message_too_much() -> None:
    conversation = talk(*HOME)
    conversation.say("show my tasks")
    conversation.turns.append(UserTurn("delete 1"))
    model = OfflineModel()
    expected = ask_model(model, conversation)
    model.seconds = 0  # the earlier messages are parsed already, so only their calls cost anything
    conversation.turns[-1] = UserTurn("delete 2")
    assert text_of(ask_model(model, conversation)).startswith(TOO_MUCH)
    assert [event.name for event in expected if isinstance(event, ToolCall)] == ["delete_task"]


def test_a_message_is_read_once_for_all_steps_of_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = parser.parse_message

    def counted(message: str, *rest: Any) -> Any:
        read.append(message)
        return real(message, *rest)

    monkeypatch.setattr(parser, "parse_message", counted)
    conversation, model = talk(*HOME), OfflineModel()
    for text in ("show my tasks", "delete buy milk and delete call mom"):
        conversation.turns.append(UserTurn(text))
        while calls := [event for event in ask_model(model, conversation) if isinstance(event, ToolCall)]:
            conversation.turns.append(AgentTurn("", tuple(map(conversation._execute, calls))))
    assert sorted(read) == ["delete buy milk and delete call mom", "show my tasks"]


def test_of_earlier_messages_no_more_than_8000_characters_are_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    conversation = talk()
    for number in range(12):
        conversation.turns += [UserTurn(f"add task {number} " + "x" * 1_500), AgentTurn("Done.")]
    conversation.turns.append(UserTurn("hello"))
    read: list[str] = []
    monkeypatch.setattr(parser, "parse_message", lambda message, *rest: read.append(message) or [])
    ask_model(OfflineModel(), conversation)
    assert len(read) == 6
    assert read[0].startswith("add task 7 ")


LONG_WORDS = [
    "move x to " + "a" * 30_000 + " b c d e f g",
    "add " + "- " * 15_900 + "x",
    "add " + ". " * 15_900 + "x",
]


@pytest.mark.parametrize("text", LONG_WORDS, ids=["words", "dashes", "dots"])
def test_twice_the_message_costs_at_most_about_twice_as_much(text: str) -> None:
    def answered(length: int) -> Callable[[], object]:
        conversation = talk()
        conversation.turns.append(UserTurn(text[: length - 14] + text[-14:]))
        return lambda: ask_model(OfflineModel(seconds=60), conversation)

    for length in (40, 1_000, 8_000, 16_000):
        half, whole = cost(answered(length)), cost(answered(2 * length))
        assert whole < max(3 * half, 0.02)


def test_a_short_message_with_a_long_word_is_answered() -> None:
    conversation = talk()
    conversation.turns.append(UserTurn("move x to " + "a" * 60 + " b c d e f g"))
    assert cost(lambda: ask_model(OfflineModel(seconds=60), conversation)) < 0.2


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("call mom on", "call mom"),
        ("call mom - on", "call mom"),
        ("call mom at on", "call mom at"),
        ("milk on.", "milk on"),
        ("on", "on"),
        ("- on", ""),
        (" ,;milk  and\teggs!", "milk and eggs"),
        ("Milk BY", "Milk"),
    ],
)
def test_titles_lose_their_loose_ends(title: str, expected: str) -> None:
    assert strip_title(title) == expected


def misspelt(chance: random.Random, tasks: int, letters: int) -> tuple[str, list[TaskView]]:
    """A phrase of 50 words, and tasks whose descriptions hold them with another last letter."""
    words = ["".join(chance.choice("abcdefghij") for _ in range(8)) for _ in range(50)]
    text = (" ".join(f"{word[:-1]}z" for word in words) + " ") * (letters // 450 + 1)
    return " ".join(words), [TaskView(str(n), f"q{n}", text[:letters], False) for n in range(tasks)]


def test_words_that_look_alike_are_compared_a_bounded_number_of_times() -> None:
    comparer = WordComparer(pairs_left=100)
    assert comparer.is_similar("birthday", ("brithday",))
    assert not comparer.is_similar("birthday", ("brithday",))
    assert comparer.is_similar("birthday", ("party", "birthday"))


def test_long_descriptions_of_many_tasks_cost_no_more_than_those_of_a_few() -> None:
    chance = random.Random(1)
    phrase, few = misspelt(chance, 20, 500)
    longer = [TaskView(task.id, task.title, task.description * 20, False) for task in few * 10]
    comparer, more = WordComparer(), WordComparer()
    assert find_near_matches(phrase, few, comparer)
    assert find_near_matches(phrase, longer, more)
    assert more.pairs_left >= -(24 * 24)


def test_a_misspelt_word_of_a_description_is_still_found() -> None:
    tasks = [
        TaskView("1", "Call mom", "about the birthday party", False),
        TaskView("2", "Buy milk", "", False),
    ]
    assert find_near_matches("brithday", tasks, WordComparer()) == (tasks[0],)


def test_a_list_in_an_answer_has_50_rows_and_says_how_many_more_there_are() -> None:
    conversation = talk(*(f"Pay bill {n} | Due Friday 20 November 2026" for n in range(60)))
    _, answer = conversation.say("what's overdue?")
    assert answer.startswith("You have 60 overdue tasks")
    assert "\n50. " in answer
    assert "\n51. " not in answer
    assert answer.endswith("There are 10 more; ask about a word to see fewer.")
    [call], _ = conversation.say("complete the last one")
    assert call.arguments == {"task_id": "t11"}


def test_a_list_in_an_answer_has_about_8000_characters() -> None:
    conversation = talk(*(f"{n} {'word ' * 50} | {'note ' * 100}" for n in range(50)))
    _, answer = conversation.say("show all my tasks")
    assert 7_000 < len(answer) < 8_300
    assert "more; ask about a word to see fewer." in answer


def test_a_long_row_of_what_was_not_found_is_cut_short() -> None:
    _, answer = talk(*HOME).say("delete " + ", ".join(f"unicorn{n}" for n in range(25)))
    assert answer.count("I found no task like") == 12
    assert "The same goes for 13 more." in answer


def test_a_long_description_is_told_in_part() -> None:
    _, answer = talk(*HOME).say("add a note to buy milk: " + "word " * 150)
    assert len(answer) < 600
    assert answer.endswith("…")

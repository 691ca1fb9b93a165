# test_choices.py -- the replies that a question of the offline model offers, and what each of them does
import pytest

from support.llm.offline.talk import talk

MILKS = ("Buy milk", "Buy oat milk", "Call mom")
CHANGES = {"add_task", "complete_task", "update_task", "delete_task"}


def test_a_question_which_task_is_meant_offers_them_as_they_are_numbered() -> None:
    conversation = talk(*MILKS)
    _, answer = conversation.say("delete the buy")
    assert answer.endswith("1. Buy oat milk\n2. Buy milk")
    assert conversation.choices == ("1. Buy oat milk", "2. Buy milk")
    calls, answer = conversation.say(conversation.choices[1])
    assert [call.arguments for call in calls] == [{"task_id": "t1"}]
    assert answer == "Deleted “Buy milk”."
    assert conversation.choices == ()


@pytest.mark.parametrize(
    ("tasks", "text"),
    [
        ((), "dentist appointment"),
        (MILKS, "delete mom's task?"),
        (tuple(f"Task {n}" for n in range(5)), "complete everything"),
    ],
)
def test_a_question_for_consent_offers_yes_and_no(tasks: tuple[str, ...], text: str) -> None:
    conversation = talk(*tasks)
    calls, _ = conversation.say(text)
    assert not CHANGES & {call.name for call in calls}
    assert conversation.choices == ("Yes", "No")
    declined = talk(*tasks)
    declined.say(text)
    assert declined.say("No") == ([], "All right, I have left everything as it is.")
    calls, _ = conversation.say("Yes")
    assert CHANGES & {call.name for call in calls}


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("postpone call mom", ("Today", "Tomorrow", "Next Monday")),
        ("Verschiebe call mom", ("Heute", "Morgen", "Nächsten Montag")),
        ("Reporte call mom", ("Aujourd'hui", "Demain", "Lundi prochain")),
        ("Pospón call mom", ("Hoy", "Mañana", "El próximo lunes")),
    ],
)
def test_a_question_for_a_day_offers_three_each_of_which_is_understood(
    text: str, days: tuple[str, ...]
) -> None:
    found = []
    for place in range(3):
        conversation = talk(*MILKS)
        conversation.say(text)
        assert conversation.choices == days
        *_, moved = conversation.say(days[place])[0]
        found.append(moved.arguments)
    due = ["2026-11-22", "2026-11-23", "2026-11-23"]  # it is Sunday
    assert found == [{"task_id": "t3", "due_on": day} for day in due]


def test_a_title_is_a_choice_and_no_command_whatever_it_says() -> None:
    conversation = talk("Delete buy stamps", "Undo all buys", "Buy milk")
    conversation.say("complete the buy")
    assert conversation.choices == ("1. Buy milk", "2. Undo all buys", "3. Delete buy stamps")
    calls, _ = conversation.say("3. Delete buy stamps")
    assert [(call.name, call.arguments) for call in calls] == [("complete_task", {"task_id": "t1"})]


def test_tasks_of_the_same_title_and_long_ones_can_be_told_apart() -> None:
    title = "buy " + "very " * 40 + "long"
    conversation = talk(title, title, "buy")
    conversation.say("delete very long")
    assert [choice[:10] for choice in conversation.choices] == ["1. buy ver", "2. buy ver"]
    assert max(map(len, conversation.choices)) <= 100
    calls, _ = conversation.say(conversation.choices[1])
    assert [call.arguments for call in calls] == [{"task_id": "t1"}]


def test_a_reply_is_in_the_language_of_its_question() -> None:
    conversation = talk("Buy the milk", "Buy the oat milk")
    conversation.say("Lösche milk")
    assert conversation.choices == ("1. Buy the oat milk", "2. Buy the milk")
    assert conversation.say("2. Buy the milk")[1] == "Gelöscht: „Buy the milk“."


def test_what_needs_own_words_offers_nothing() -> None:
    for text in ("add", "rename buy milk", "what's left"):
        conversation = talk(*MILKS)
        conversation.say(text)
        assert conversation.choices == ()


def test_a_choice_that_is_not_offered_any_more_is_read_like_all_else() -> None:
    conversation = talk(*MILKS)
    conversation.say("delete the buy")
    conversation.say("what's left")
    calls, _ = conversation.say("2. Buy milk")
    assert "delete_task" not in {call.name for call in calls}

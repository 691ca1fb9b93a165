# test_answers.py -- the offline model against a small store of tasks: what it calls, what it says
import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm.protocol import AgentTurn, TextDelta, ToolCall, UserTurn
from support.llm.offline.talk import NAMES, talk
from support.llm.offline.utterances import HOME, MILKS, TABLE, Said


@pytest.mark.parametrize("said", TABLE, ids=[f"{n}: {said.text[:50]!r}" for n, said in enumerate(TABLE)])
def test_an_utterance_leads_to_exactly_these_calls(said: Said) -> None:
    conversation = talk(*said.tasks)
    for text in said.before:
        conversation.say(text)
    calls, answer = conversation.say(said.text)
    assert [(call.name, call.arguments) for call in calls] == list(said.calls)
    assert answer.strip()
    for words in said.words:
        assert words in answer


def test_the_table_is_large_enough_to_mean_something() -> None:
    assert len(TABLE) >= 150


def test_text_arrives_in_several_pieces_and_is_the_same_every_time() -> None:
    conversation = talk(*HOME)
    conversation.turns.append(UserTurn("what can you do?"))
    events = conversation.events()
    assert len(events) > 5
    assert events == conversation.events()


def test_a_call_that_failed_is_told_and_not_called_a_success() -> None:
    def deny(call: ToolCall) -> str | None:
        return "The user denied this call." if call.name == "delete_task" else None

    _, answer = talk(*HOME, refuse=deny).say("delete buy milk")
    assert answer == "I could not delete “Buy milk”: The user denied this call."


def test_of_two_calls_only_the_one_that_worked_is_called_done() -> None:
    conversation = talk(*MILKS, refuse=lambda call: "No." if call.arguments == {"task_id": "t1"} else None)
    _, answer = conversation.say("complete all")
    assert answer == "Done: “Call mom” and “Buy oat milk”.\nI could not complete “Buy milk”: No."


def test_a_list_that_fails_is_told() -> None:
    for text in ("what's left", "complete milk", "how many tasks do I have?", "delete everything"):
        _, answer = talk(*HOME, refuse=lambda call: "The database is away.").say(text)
        assert answer == "I could not look at your tasks: The database is away."


def test_a_result_that_is_no_task_is_not_taken_for_success() -> None:
    conversation = talk()
    conversation.turns += [
        UserTurn("add buy milk"),
        AgentTurn("", (ToolCall("call_1", "add_task", {}, result="ok"),)),
    ]
    [*events] = conversation.events()
    assert "could not add" in "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize("missing", NAMES)
def test_an_absent_tool_is_never_called(missing: str) -> None:
    texts = [
        "add buy milk",
        "what's left",
        "I bought milk",
        "delete milk",
        "rename milk to eggs",
        "undo",
        "2",
    ]
    for text in texts:
        conversation = talk(*HOME, tools=tuple(name for name in NAMES if name != missing))
        _, answer = conversation.say(text)
        assert answer


def test_what_is_not_possible_is_said() -> None:
    _, answer = talk(*HOME, tools=("list_tasks",)).say("delete buy milk")
    assert "can't" in answer


def test_many_tasks_are_done_in_part_and_the_rest_is_told() -> None:
    conversation = talk(*(f"task {n}" for n in range(60)))
    calls, answer = conversation.say("delete everything")
    assert [call.name for call in calls] == ["list_tasks"]
    assert "Shall I delete these 25 tasks?" in answer
    assert "- 15 more\nThere are more" in answer
    calls, answer = conversation.say("yes")
    assert [call.name for call in calls] == ["delete_task"] * 25
    calls, answer = conversation.say("add tasks:\n" + "\n".join(f"- thing {n}" for n in range(30)))
    assert len(calls) == 25
    assert "all from “Thing 25” on" in answer


def test_many_commands_end_within_the_steps_of_a_run() -> None:
    conversation = talk(*HOME)
    _, answer = conversation.say(" and ".join(f"delete unicorn{n}" for n in range(20)))
    assert "Please repeat the last" in answer


def test_a_title_has_at_most_255_characters_and_loses_nothing() -> None:
    long = " ".join(f"word{n}" for n in range(100))
    [call], _ = talk().say(f"add {long} tomorrow")
    assert isinstance(call.arguments, dict)
    title, description = call.arguments["title"], call.arguments["description"]
    assert len(title) <= 255
    assert f"{title} {description}" == f"W{long[1:]}"
    assert call.arguments["due_on"] == "2026-11-23"


def test_dates_are_those_of_the_persons_zone() -> None:
    late = dt.datetime(2026, 11, 22, 23, 30, tzinfo=dt.UTC)
    for timezone, day in {"UTC": 23, "Asia/Tokyo": 24, "No/Such": 23}.items():
        [call], _ = talk(now=late, timezone=timezone).say("add buy milk tomorrow")
        assert call.arguments == {"title": "Buy milk", "due_on": f"2026-11-{day}"}


def test_a_list_shown_stays_what_the_numbers_mean() -> None:
    conversation = talk(*HOME)
    conversation.say("show my tasks")
    conversation.say("add buy eggs")
    [call], _ = conversation.say("delete 1")
    assert call.arguments == {"task_id": "t5"}
    [call], _ = conversation.say("complete 2")
    assert call.arguments == {"task_id": "t3"}


def test_tasks_of_the_same_name_are_told_apart_by_number() -> None:
    conversation = talk("Buy milk", "Buy milk")
    _, answer = conversation.say("delete buy milk")
    assert "1. Buy milk\n2. Buy milk" in answer
    [call], _ = conversation.say("2")
    assert call.arguments == {"task_id": "t1"}


def test_what_another_model_listed_can_be_referred_to() -> None:
    conversation = talk(*MILKS)
    listed = ToolCall("x", "list_tasks", {"limit": 9}, result=conversation.store.list_tasks())
    conversation.turns += [UserTurn("Was gibt es zu tun?"), AgentTurn("Drei Dinge.", (listed,))]
    [call], _ = conversation.say("complete 3")
    assert call.arguments == {"task_id": "t1"}


def test_an_answer_in_one_turn_is_remembered_like_one_in_several() -> None:
    """History keeps one agent message per run: its text and all its calls."""
    conversation = talk(*MILKS)
    conversation.say("delete milk")
    calls = tuple(
        call for turn in conversation.turns if isinstance(turn, AgentTurn) for call in turn.tool_calls
    )
    conversation.turns = [UserTurn("delete milk"), AgentTurn("Which one do you mean?", calls)]
    [call], _ = conversation.say("the one with oat")
    assert call.arguments == {"task_id": "t2"}


def test_a_run_that_was_begun_by_another_model_is_not_repeated() -> None:
    conversation = talk(*HOME)
    other = ToolCall("x", "delete_task", {"task_id": "t1"}, result=conversation.store.delete_task("t1"))
    conversation.turns += [UserTurn("add buy eggs"), AgentTurn("", (other,))]
    assert all(isinstance(event, TextDelta) for event in conversation.events())


def test_an_older_task_that_fits_better_is_found_among_many() -> None:
    conversation = talk("Buy milk", *(f"Buy milk for day {n}" for n in range(60)))
    calls, _ = conversation.say("delete buy milk")
    assert calls[-1].arguments == {"task_id": "t1"}


def test_no_turns_at_all_get_an_answer() -> None:
    assert talk().events()


VOCABULARY = """
    add delete complete rename move buy bought milk call mom and , . ; to the it 2 all of first last
    tomorrow friday
    at 5pm note : what show tasks done not don't is are please undo yes no both except - “ ” " ' ? ! 😀
"""
WORDS = st.sampled_from([*VOCABULARY.split(), "\n", "\0"])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=80), min_size=1, max_size=4))
@pytest.mark.busy
def test_nothing_that_is_said_breaks_it(texts: list[str]) -> None:
    """Every call is valid and names only tasks that were in a result before."""
    conversation = talk(*HOME, *MILKS)
    known: set[str] = set()
    for text in texts:
        calls, answer = conversation.say(text)
        assert answer.strip()
        for call in calls:
            assert isinstance(call.arguments, dict)
            assert call.arguments.get("task_id") in known | {None}
            listed = call.result["tasks"] if call.result and "tasks" in call.result else [call.result]
            known |= {task["id"] for task in listed if task}


HOSTILE = [
    "a",
    "a ",
    "a, ",
    "add ",
    "buy milk and ",
    "buy milk, call mom. ",
    '"',
    "“",
    "'",
    "- a\n",
    "\n",
    "put ",
    "put a on my ",
    "remind me ",
    "i need to ",
    "don't ",
    "please ",
    "delete ",
    "mark a as done and ",
    "tomorrow ",
    "at 5 ",
    "friday ",
    "sunday newspaper 5pm ",
    "note: ",
    "(note: ",
    "rename a to ",
    "?",
    "! ",
    "a. ",
    "😀",
    "\0",
    "1, ",
    "the one ",
    "all but ",
    " ",
    "\t",
    "İ",
    "everything except ",
    "if a, ",
    "ok ",
    "thanks ",
    "how many ",
]


@pytest.mark.parametrize("prefix", ["", "add ", "delete "])
@pytest.mark.parametrize("part", HOSTILE)
def test_long_and_hostile_messages_get_an_answer(part: str, prefix: str) -> None:
    """32,000 characters of the same; a pattern that explodes would not come to an end here."""
    _, answer = talk(*HOME).say((prefix + part * 32_000)[:32_000])
    assert answer.strip()


def test_a_date_that_stands_in_a_description_gives_way_to_one_in_its_field() -> None:
    """People and other programs write such texts themselves."""
    conversation = talk("Write report")
    conversation.store.tasks[0]["description"] = "20 pages. Due Friday 27 November 2026"
    calls, answer = conversation.say("move the report to Tuesday")
    assert calls[-1].arguments == {"task_id": "t1", "due_on": "2026-11-24", "description": "20 pages."}
    assert "Tuesday 24 November" in answer


def test_another_day_keeps_the_time_and_another_time_the_day() -> None:
    conversation = talk("Call mom | Due Friday 27 November 2026, 17:00")
    for text, due in (("move it to Tuesday", "24T17:00:00"), ("move it to 9am", "24T09:00:00")):
        conversation.say("show call mom")
        calls, _ = conversation.say(text)
        assert calls[-1].arguments == {"task_id": "t1", "due_at": f"2026-11-{due}"}


SHOPPING = ("Call mom", "Milk @ Shopping", "Eggs @ Shopping", "Pay rent | Due Friday 27 November 2026")


def test_what_is_asked_of_a_list_or_a_day_never_takes_in_other_tasks() -> None:
    asked = {
        "clear my shopping list": {"t2", "t3"},
        "delete everything on my shopping list": {"t2", "t3"},
        "finish everything on the shopping list": {"t2", "t3"},
        "cancel all my reminders for friday": {"t4"},
        "cancel all my reminders for monday": set(),
        "clear my packing list": set(),
    }
    for text, expected in asked.items():
        conversation = talk(*SHOPPING)
        calls, answer = conversation.say(text)
        if "?" in answer:
            more, _ = conversation.say("yes")
            calls += more
        assert isinstance(calls[0].arguments, dict)
        changed = {call.arguments["task_id"] for call in calls if "task_id" in call.arguments}
        assert changed == expected, (text, answer)


def test_a_list_is_shown_by_its_name() -> None:
    _, answer = talk(*SHOPPING).say("what's on my shopping list?")
    assert "Milk" in answer and "Eggs" in answer and "Call mom" not in answer
    _, answer = talk(*SHOPPING).say("what's on my packing list?")
    assert "I found no" in answer and "Milk" not in answer


def test_what_is_due_next_week_is_due_on_any_of_its_days() -> None:
    conversation = talk(
        "Call mom | Due Sunday 22 November 2026",
        "Pay rent | Due Friday 27 November 2026",
        "Fix bike | Due Monday 30 November 2026",
    )
    _, answer = conversation.say("what's due next week?")
    assert "due Monday 23 November – Sunday 29 November" in answer
    assert "Pay rent" in answer
    assert "Call mom" not in answer
    assert "Fix bike" not in answer


def test_what_is_asked_of_a_week_takes_in_all_of_its_days() -> None:
    conversation = talk(*SHOPPING, "Fix bike | Due Monday 30 November 2026")
    calls, _ = conversation.say("cancel all my reminders for next week")
    assert [call.arguments for call in calls if call.name == "delete_task"] == [{"task_id": "t4"}]


def test_undoing_brings_a_task_back_to_its_list() -> None:
    conversation = talk(*SHOPPING)
    conversation.say("delete milk")
    calls, _ = conversation.say("undo")
    assert calls[-1].arguments == {"title": "Milk", "list": "Shopping"}


def test_completing_what_repeats_says_when_it_is_due_again_and_that_is_then_meant() -> None:
    conversation = talk("Pay rent")
    conversation.store.add_task("Water the plants", due_on="2026-11-22", repeats="FREQ=DAILY")
    conversation.store.add_task("Take the pills", due_on="2026-11-22", repeats="FREQ=DAILY;COUNT=1")
    _, answer = conversation.say("done with the plants")
    assert answer == "Done: “Water the plants”.\n“Water the plants” is due again Monday 23 November."
    calls, _ = conversation.say("move it to Friday")
    assert calls[-1].arguments == {"task_id": "t4", "due_on": "2026-11-27"}
    _, answer = conversation.say("done with the pills and the rent")
    assert answer.endswith("“Take the pills” does not come again.")


def test_a_list_is_found_behind_however_many_newer_tasks() -> None:
    conversation = talk("Milk @ Shopping", "Tea @ Shopping", *(f"Note {number}" for number in range(300)))
    assert "2 open tasks on the list “Shopping”" in conversation.say("what's on my shopping list")[1]
    assert "is still open" in conversation.say("is milk on my shopping list")[1]
    conversation.say("finish everything on the shopping list")
    assert [task["title"] for task in conversation.store.tasks if task["completed"]] == ["Milk", "Tea"]

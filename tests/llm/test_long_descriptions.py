# test_long_descriptions.py -- long titles and descriptions: what a run keeps of them, what the offline model changes
import json

import pytest

from models.task import MAX_TITLE
from support.servers import Person

# Descriptions are shortened in memory.
pytestmark = pytest.mark.engines("sqlite")


def many_long_tasks(ann: Person, number: int) -> None:
    for n in range(number):
        ann.post(
            "/v1/tasks", title=f"Task {n}", description=f"{n} " + "x" * 9_000 + " Due Friday 20 November 2026"
        )


@pytest.mark.busy
def test_a_short_question_leaves_a_bounded_record(ann: Person) -> None:
    many_long_tasks(ann, 20)
    answer = ann.post("/v1/chat", message="show all my tasks")
    [call] = answer["tool_calls"]
    assert len(json.dumps(call)) < 30_000
    assert {task["shortened"] for task in call["result"]["tasks"]} == {True}
    assert all(
        task["description"].endswith(" Due Friday 20 November 2026") for task in call["result"]["tasks"]
    )
    assert "due Friday 20 November" in answer["message"]["content"]


def test_a_task_alone_is_listed_whole(ann: Person) -> None:
    many_long_tasks(ann, 1)
    [call] = ann.post("/v1/chat", message="show all my tasks")["tool_calls"]
    [task] = call["result"]["tasks"]
    assert "shortened" not in task
    assert len(task["description"]) > 9_000


@pytest.mark.busy
def test_a_note_is_never_added_to_a_part_of_a_description(ann: Person) -> None:
    many_long_tasks(ann, 4)
    where = {"conversation_id": ann.post("/v1/chat", message="show all my tasks")["conversation_id"]}
    ann.post("/v1/chat", message="complete 1", **where)
    ann.post("/v1/chat", message="add a note to it: and more", **where)
    described = ann.get("/v1/tasks")["data"][0]["description"]
    assert described == "3 " + "x" * 9_000 + ". and more. Due Friday 20 November 2026"


def test_a_description_that_cannot_be_read_whole_is_left_alone(ann: Person) -> None:
    for _ in range(4):
        ann.post("/v1/tasks", title="Same", description="x" * 9_000)
    where = {"conversation_id": ann.post("/v1/chat", message="show all my tasks")["conversation_id"]}
    answer = ann.post("/v1/chat", message="add a note to 1: and less", **where)
    assert answer["message"]["content"] == "The description of “Same” is too long for me to change."
    assert {task["description"] for task in ann.get("/v1/tasks")["data"]} == {"x" * 9_000}


@pytest.mark.busy
def test_undoing_a_new_title_leaves_a_description_that_was_not_read_whole(ann: Person) -> None:
    many_long_tasks(ann, 4)
    where = {"conversation_id": ann.post("/v1/chat", message="show all my tasks")["conversation_id"]}
    ann.post("/v1/chat", message="rename 1 to Other", **where)
    before = ann.get("/v1/tasks")["data"][0]
    ann.post("/v1/chat", message="undo", **where)
    after = ann.get("/v1/tasks")["data"][0]
    assert (before["title"], after["title"]) == ("Other", "Task 3")
    assert after["description"] == before["description"]


def test_the_end_of_a_title_that_is_too_long_goes_into_the_description(ann: Person) -> None:
    ann.post("/v1/chat", message="add buy " + "very " * 60 + "good milk tomorrow")
    [task] = ann.get("/v1/tasks")["data"]
    assert len(task["title"]) <= MAX_TITLE
    assert task["title"].endswith(" very")
    assert task["description"].endswith(" good milk")
    assert task["due_on"] is not None

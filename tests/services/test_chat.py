# test_chat.py -- a message and its answer: what is stored, what a repeated one gives, what a failed one leaves.
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from llm.protocol import AnswerEnd, ModelError
from support.api.runs import followed
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, serving, settings_for, wait_until

# What the model is told and answers is the same on each engine; order, locks and what columns hold is tried on both.
pytestmark = pytest.mark.engines("sqlite")


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_two_tasks_in_one_sentence_are_two_tasks_and_two_calls_on_record(ann: Person) -> None:
    answer = ann.chat("add buy milk tomorrow and call mom")
    assert answer["status"] == "completed"
    assert {task["title"] for task in ann.get("/v1/tasks")["data"]} == {"Buy milk", "Call mom"}
    stored = ann.get(f"/v1/conversations/{answer['conversation_id']}/messages")["data"]
    assert [message["role"] for message in stored] == ["user", "agent"]
    assert stored == [answer["user_message"], answer["message"]]
    assert [call["name"] for call in stored[1]["tool_calls"]] == ["add_task", "add_task"]
    for kept in stored[1]["tool_calls"]:
        assert set(kept) == {"id", "name", "arguments", "result", "error", "started_at", "finished_at"}
        assert kept["error"] is None
        assert kept["result"]["title"] == kept["arguments"]["title"]
        assert kept["started_at"] <= kept["finished_at"]
    assert len({kept["id"] for kept in stored[1]["tool_calls"]}) == 2


def test_a_chat_without_a_conversation_makes_one_titled_by_its_first_words(ann: Person) -> None:
    answer = ann.chat("hello\n  there " + "x" * 100)
    conversation = ann.get(f"/v1/conversations/{answer['conversation_id']}")
    assert conversation["title"].startswith("hello there xxx")
    assert len(conversation["title"]) == 80


@pytest.mark.busy
def test_a_message_goes_into_the_conversation_that_is_named(ann: Person) -> None:
    conversation = ann.post("/v1/conversations", title="Shopping")
    first = ann.post(f"/v1/conversations/{conversation['id']}/messages", content="hello")
    second = ann.chat("hello again", conversation_id=conversation["id"])
    assert first["conversation_id"] == second["conversation_id"] == conversation["id"]
    stored = ann.get(f"/v1/conversations/{conversation['id']}/messages")["data"]
    assert [message["content"] for message in stored if message["role"] == "user"] == ["hello", "hello again"]
    newest = ann.get("/v1/conversations")["data"][0]
    assert newest["id"] == conversation["id"]
    assert newest["title"] == "Shopping"
    assert newest["updated_at"] > conversation["updated_at"]


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_messages_page_in_reading_order_from_both_ends(carl: Person) -> None:
    conversation = carl.post("/v1/conversations")["id"]
    for n in range(4):
        carl.chat(f"question {n}", conversation_id=conversation)
    path = f"/v1/conversations/{conversation}/messages"
    everything = carl.get(path)["data"]
    assert [message["content"] for message in everything] == [
        text for n in range(4) for text in (f"question {n}", "OK.")
    ]
    forwards, cursor = [], None
    while not forwards or cursor:
        page = carl.get(path, limit=3, **({"cursor": cursor} if cursor else {}))
        forwards += page["data"]
        cursor = page["next_cursor"]
    assert forwards == everything
    last = carl.get(path, limit=3, before="end")
    assert last["data"] == everything[-3:]
    assert carl.get(path, limit=3, before="end", cursor=last["next_cursor"])["data"] == everything[-6:-3]
    assert carl.get(path, limit=2, before=everything[4]["id"])["data"] == everything[2:4]
    assert carl.get(path, after=everything[5]["id"])["data"] == everything[6:]
    assert carl.http.get(path, params={"before": "end", "after": everything[0]["id"]}).status_code == 422


@pytest.mark.busy
def test_a_repeated_client_id_gives_the_first_answer_and_changes_nothing(ann: Person) -> None:
    first = ann.chat("add buy milk", client_id="m-1")
    again = ann.chat("add buy milk", client_id="m-1")
    named = ann.chat("add buy milk", client_id="m-1", conversation_id=first["conversation_id"])
    assert first == again == named
    assert len(ann.get("/v1/tasks")["data"]) == 1
    assert len(ann.get("/v1/conversations")["data"]) == 1


@pytest.mark.busy
def test_a_client_id_that_stands_for_another_message_is_a_conflict(ann: Person, bob: Person) -> None:
    ann.chat("add buy milk", client_id="m-1")
    other = ann.post("/v1/conversations")["id"]
    assert ann.http.post("/v1/chat", json={"message": "add bread", "client_id": "m-1"}).status_code == 409
    elsewhere = {"message": "add buy milk", "client_id": "m-1", "conversation_id": other}
    assert ann.http.post("/v1/chat", json=elsewhere).status_code == 409
    assert bob.chat("add bread", client_id="m-1")["status"] == "completed"


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_the_same_message_sent_eight_times_at_once_is_stored_once(ann: Person) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ann.chat("add buy milk", client_id="m-1"), range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert len(ann.get("/v1/tasks")["data"]) == 1
    assert len(ann.get("/v1/conversations")["data"]) == 1


@pytest.mark.busy
def test_the_model_reads_instructions_tools_history_and_the_persons_zone(
    scripted: Server, model: ScriptedModel
) -> None:
    person = scripted.person(timezone="Asia/Tokyo")
    model.answers = [
        [call("add_task", {"title": "Buy milk"}), AnswerEnd("stop", 10, 3)],
        ["Done."],
        ["Hello."],
    ]
    conversation = person.chat("add milk")["conversation_id"]
    person.chat("hi", conversation_id=conversation)
    request = model.requests[-1]
    assert request.timezone == "Asia/Tokyo"
    assert [tool.name for tool in request.tools] == [
        "add_task", "list_tasks", "complete_task", "update_task", "delete_task", "undo"
    ]  # fmt: skip
    assert [type(turn).__name__ for turn in request.turns] == [
        "UserTurn",
        "AgentTurn",
        "AgentTurn",
        "UserTurn",
    ]
    kept = request.turns[1].tool_calls[0]  # type: ignore[union-attr]
    assert (kept.name, kept.arguments, kept.result["title"]) == (
        "add_task",
        {"title": "Buy milk"},
        "Buy milk",
    )


@pytest.mark.busy
def test_wrong_arguments_go_back_to_the_model_and_stay_on_record(carl: Person, model: ScriptedModel) -> None:
    model.answers = [
        [
            call("add_task", {"titel": "Buy milk"}, "a"),
            call("add_task", "{not json", "b"),
            call("no_such_tool", {}, "c"),
            call("complete_task", {"task_id": "7f0b9fc5-9b0c-4d3c-a8f1-6f2f14f0a0a1"}, "d"),
        ],
        ["Sorry."],
    ]
    answer = carl.chat("add milk")
    errors = [kept["error"] for kept in answer["tool_calls"]]
    assert "title: Field required" in errors[0]
    assert errors[1] == "The arguments are not a JSON object of at most 27 levels."
    assert errors[2].startswith("There is no tool named no_such_tool.")
    assert errors[3] == "There is no such task."
    assert [kept["result"] for kept in answer["tool_calls"]] == [None] * 4
    handed_back = model.requests[1].turns[-1].tool_calls  # type: ignore[union-attr]
    assert [kept.error for kept in handed_back] == errors
    assert carl.get("/v1/tasks")["data"] == []


@pytest.mark.busy
def test_calls_are_named_after_their_run_and_counted_through_it_whatever_the_model_calls_them(
    carl: Person, model: ScriptedModel
) -> None:
    add = [call("add_task", {"title": title}, "call_0") for title in ("a", "b")]
    model.answers = [add, [call("list_tasks", {}, "call_0")], ["Done."]]
    answer = carl.chat("go")
    ids = [f"{answer['run_id']}:{number}" for number in (1, 2, 3)]
    assert [kept["id"] for kept in answer["tool_calls"]] == ids
    assert {kept["id"] for kept in carl.get("/v1/tool-calls")["data"]} == set(ids)
    events = followed(carl, answer["run_id"])
    for type_ in ("tool.call", "tool.result"):
        assert [event.data["id"] for event in events if event.type == type_] == ids


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_what_jsonb_refuses_is_replaced(carl: Person, model: ScriptedModel) -> None:
    model.answers = [["a\0b \ud83d\ude00 \ud83d", call("add_task", {"title": "x\0\udfff"})], ["Done."]]
    answer = carl.chat("go")
    assert answer["message"]["content"] == "a\ufffdb \U0001f600 \ufffd\n\nDone."
    assert answer["tool_calls"][0]["result"]["title"] == "x\ufffd\ufffd"


@pytest.mark.busy
def test_a_tool_that_crashes_changes_nothing_and_the_model_is_told(
    carl: Person, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools import tasks

    def crash(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(tasks, "dump_task", crash)  # after the task was written
    model.answers = [[call("add_task", {"title": "Buy milk"})], ["Sorry."]]
    answer = carl.chat("add milk")
    assert answer["tool_calls"][0]["error"] == "add_task failed on our side; nothing was changed."
    assert carl.get("/v1/tasks")["data"] == []


@pytest.mark.busy
def test_a_busy_provider_is_asked_again(carl: Person, model: ScriptedModel) -> None:
    busy = ModelError("The model provider is busy.", transient=True, retry_after=0)
    model.answers = [["Half an"], [busy], ["An answer."]]
    model.answers[0].append(busy)
    answer = carl.chat("hello")
    assert answer["status"] == "completed"
    assert answer["message"]["content"] == "An answer."


@pytest.mark.busy
def test_a_provider_that_stays_down_fails_the_run_and_keeps_what_was_done(
    carl: Person, model: ScriptedModel
) -> None:
    down = ModelError("The model provider failed (500).", transient=True)
    model.answers = [[call("add_task", {"title": "Buy milk"})]]
    model.otherwise = ["Half an", down]
    answer = carl.chat("add milk")
    assert (answer["status"], answer["error"]) == ("failed", "The model provider failed (500).")
    assert answer["message"]["content"] == "Half an"
    assert answer["tool_calls"][0]["result"]["title"] == "Buy milk"
    assert len(model.requests) == 5
    stored = carl.get(f"/v1/conversations/{answer['conversation_id']}/messages")["data"]
    assert [message["role"] for message in stored] == ["user", "agent"]


@pytest.mark.busy
def test_a_run_that_did_nothing_before_it_failed_leaves_the_users_message_alone(
    carl: Person, model: ScriptedModel
) -> None:
    model.otherwise = [ModelError("The model provider refused the key.", transient=False)]
    answer = carl.chat("hello")
    assert (answer["status"], answer["message"], answer["tool_calls"]) == ("failed", None, [])
    assert len(model.requests) == 1
    stored = carl.get(f"/v1/conversations/{answer['conversation_id']}/messages")["data"]
    assert [message["role"] for message in stored] == ["user"]


def test_a_crash_in_the_loop_fails_the_run_without_telling_why(carl: Person, model: ScriptedModel) -> None:
    model.otherwise = ["Half", 7]  # type: ignore[list-item]
    answer = carl.chat("hello")
    assert (answer["status"], answer["error"]) == ("failed", "Something went wrong on our side.")
    assert answer["message"]["content"] == "Half"


@pytest.mark.busy
def test_a_model_that_calls_tools_for_ever_is_stopped(carl: Person, model: ScriptedModel) -> None:
    model.otherwise = [call("list_tasks", {})]
    answer = carl.chat("go")
    assert answer["status"] == "failed"
    assert answer["error"] == "The run reached its limit of 30 model requests."
    assert len(answer["tool_calls"]) == 30


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_a_second_message_waits_for_the_first_run_which_does_not_read_it(
    carl: Person, model: ScriptedModel
) -> None:
    gate = threading.Event()
    conversation = carl.post("/v1/conversations")["id"]
    model.answers = [[gate, "First answer."], ["Second answer."]]
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(carl.chat, "first", conversation_id=conversation)
        wait_until(lambda: model.requests)
        second = pool.submit(carl.chat, "second", conversation_id=conversation)
        path = f"/v1/conversations/{conversation}/messages"
        wait_until(lambda: len(carl.get(path)["data"]) == 2)
        gate.set()
        assert first.result()["message"]["content"] == "First answer."
        assert second.result()["message"]["content"] == "Second answer."
    assert [turn.text for turn in model.requests[0].turns] == ["first"]
    assert [turn.text for turn in model.requests[1].turns] == ["first", "First answer.", "second"]
    carl.chat("third", conversation_id=conversation)
    assert [turn.text for turn in model.requests[2].turns] == [
        "first", "First answer.", "second", "Second answer.", "third"
    ]  # fmt: skip


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_a_busy_conversation_refuses_or_interrupts_when_asked_to(carl: Person, model: ScriptedModel) -> None:
    never = threading.Event()
    conversation = carl.post("/v1/conversations")["id"]
    path = f"/v1/conversations/{conversation}/messages"
    model.answers = [["Half", never]]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(carl.chat, "first", conversation_id=conversation, client_id="m-1")
        wait_until(lambda: model.requests)
        refused = carl.http.post(path, json={"content": "second", "on_busy": "reject"})
        assert refused.status_code == 409
        assert carl.get(f"/v1/runs/{refused.json()['run_id']}")["status"] == "running"
        assert len(carl.get(path)["data"]) == 1
        wait_until(lambda: carl.http.get(path).json() and len(model.requests) == 1)
        second = carl.post(path, content="second", on_busy="interrupt")
        assert second["message"]["content"] == "OK."
        answered = first.result()
    assert answered["status"] == "cancelled"
    again = carl.post(path, content="first", client_id="m-1", on_busy="interrupt")
    assert again == answered
    assert carl.post(path, content="third", on_busy="reject")["status"] == "completed"


@pytest.mark.busy
def test_a_run_ends_with_a_reason_when_it_has_used_up_what_it_may(
    new_database: Callable[[str], str], engine_name: str, model: ScriptedModel
) -> None:
    few = {"run_model_requests": 3, "run_tool_calls": 4, "run_tokens": 1_000, "run_seconds": 1}
    with serving(settings_for(new_database(engine_name), **few), model) as server:
        person = server.person()
        model.otherwise = [call("list_tasks", {})]
        assert person.chat("go")["error"] == "The run reached its limit of 3 model requests."
        model.otherwise = [call("list_tasks", {}, "a"), call("list_tasks", {}, "b")]
        assert person.chat("go")["error"] == "The run reached its limit of 4 tool calls."
        model.otherwise = [call("list_tasks", {}), AnswerEnd("tool_calls", 900, 100)]
        assert person.chat("go")["error"] == "The run reached its limit of 1000 tokens."
        model.otherwise = ["Half", threading.Event()]
        answer = person.chat("go")
        assert answer["error"] == "The run took longer than 1 seconds."
        assert (answer["status"], answer["message"]["content"]) == ("failed", "Half")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_a_call_with_a_number_that_no_database_keeps_is_told_so(
    carl: Person, model: ScriptedModel, number: float
) -> None:
    odd = {"title": "Buy milk", "more": [{"a\0b": number}]}
    model.answers = [[call("add_task", odd), call("add_\0task", {"a\0b": 1})], ["Sorry."]]
    answer = carl.chat("add milk")
    assert (answer["status"], answer["message"]["content"]) == ("completed", "Sorry.")
    first, second = answer["tool_calls"]
    assert first["error"] == "The arguments are not a JSON object of at most 27 levels."
    assert second["name"] == "add_\ufffdtask"
    assert carl.get("/v1/tasks")["data"] == []


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_a_user_with_too_many_runs_is_told_so_and_others_are_not(
    new_database: Callable[[str], str], engine_name: str, model: ScriptedModel
) -> None:
    with serving(settings_for(new_database(engine_name), runs_per_user=2), model) as server:
        ann, bob = server.person(), server.person()
        gate = threading.Event()
        model.answers = [[gate, "One."], [gate, "Two."]]
        with ThreadPoolExecutor(2) as pool:
            waiting = [pool.submit(ann.chat, "hello") for _ in range(2)]
            wait_until(lambda: len(model.requests) == 2)
            refused = ann.http.post("/v1/chat", json={"message": "hello"})
            assert refused.status_code == 429
            assert len(ann.get("/v1/conversations")["data"]) == 2
            assert bob.chat("hello")["status"] == "completed"
            gate.set()
            assert [one.result()["status"] for one in waiting] == ["completed"] * 2
        assert ann.chat("hello")["status"] == "completed"


@pytest.mark.busy
def test_history_that_does_not_fit_is_cut_at_the_old_end_in_whole_messages(
    new_database: Callable[[str], str], engine_name: str, model: ScriptedModel
) -> None:
    with serving(settings_for(new_database(engine_name), context_tokens=500), model) as server:
        person = server.person()
        conversation = person.post("/v1/conversations")["id"]
        model.answers = [[call("add_task", {"title": "Buy milk"})], ["Done."]]
        person.chat("add milk", conversation_id=conversation)
        for n in range(30):
            person.chat(f"{n} " + "x" * 90, conversation_id=conversation)
        texts = [turn.text for turn in model.requests[-1].turns]
        assert texts[-1].startswith("29 ")
        assert 10 < len(texts) < 60
        assert "add milk" not in texts
        person.chat("y" * 30_000, conversation_id=conversation)
        assert [len(turn.text) for turn in model.requests[-1].turns] == [30_000]


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_deleting_a_conversation_in_mid_answer_ends_the_run(carl: Person, model: ScriptedModel) -> None:
    gate = threading.Event()
    conversation = carl.post("/v1/conversations")["id"]
    model.answers = [["Half", gate, " more"]]
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(
            carl.http.post, "/v1/chat", json={"message": "hello", "conversation_id": conversation}
        )
        wait_until(lambda: model.requests)
        carl.delete(f"/v1/conversations/{conversation}")
        gate.set()
        assert sent.result().status_code == 404
    assert carl.chat("hello")["status"] == "completed"

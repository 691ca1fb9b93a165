# test_branches.py -- questions asked in other words and answers given anew: what is kept, shown, and read by the model.
import threading
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from llm.protocol import ModelError
from support.llm.scripted_model import ScriptedModel
from support.servers import Person, serving, settings_for, wait_for_end, wait_until

pytestmark = pytest.mark.also_on_mariadb


@dataclass
class Thread:
    """A conversation of one person, whose model numbers its answers."""

    person: Person
    model: ScriptedModel
    id: str

    @property
    def path(self) -> str:
        return f"/v1/conversations/{self.id}"

    def ask(self, content: str, **body: Any) -> Any:
        self.model.answers.append([f"answer to {content}"])
        return self.person.post(f"{self.path}/messages", content=content, **body)

    def answer_again(self, message: Any, text: str, **body: Any) -> Any:
        self.model.answers.append([text])
        return self.person.post(f"/v1/messages/{message['id']}/runs", **body)

    def show(self, message: Any) -> None:
        self.person.http.post(f"{self.path}/branch", json={"message_id": message["id"]}).raise_for_status()

    def read(self) -> list[str]:
        """What the model read for its last answer."""
        return [turn.text for turn in self.model.requests[-1].turns]

    def list_shown(self, **params: Any) -> list[str]:
        return [message["content"] for message in self.list_messages(branch="shown", **params)]

    def list_messages(self, **params: Any) -> list[Any]:
        data: list[Any] = self.person.get(f"{self.path}/messages", **params)["data"]
        return data


@pytest.fixture
def thread(carl: Person, model: ScriptedModel) -> Thread:
    return Thread(carl, model, carl.post("/v1/conversations")["id"])


def lines(*questions: str) -> list[str]:
    return [text for question in questions for text in (question, f"answer to {question}")]


def test_an_edited_question_begins_a_branch_and_both_are_kept(thread: Thread) -> None:
    asked = [thread.ask(f"q{number}") for number in (1, 2, 3)]
    edited = thread.ask("q2 in other words", replaces_id=asked[1]["user_message"]["id"])
    assert thread.read() == [*lines("q1"), "q2 in other words"]
    assert thread.list_shown() == lines("q1", "q2 in other words")
    everything = thread.list_messages()
    assert [message["content"] for message in everything] == lines("q1", "q2", "q3", "q2 in other words")
    first_id, anew = asked[1]["user_message"]["id"], edited["user_message"]
    assert (anew["replaces_id"], anew["after_id"]) == (first_id, asked[0]["message"]["id"])
    assert everything[6] == anew
    shown = thread.list_messages(branch="shown")
    assert [message.get("version_ids") for message in shown] == [None, None, [first_id, anew["id"]], None]
    thread.ask("q4")
    assert thread.read() == [*lines("q1", "q2 in other words"), "q4"]
    assert "after_id" not in thread.list_messages()[-2]


def test_the_branch_that_was_chosen_goes_on(thread: Thread) -> None:
    asked = [thread.ask(f"q{number}") for number in (1, 2, 3)]
    edited = thread.ask("Q2", replaces_id=asked[1]["user_message"]["id"])
    thread.show(asked[1]["user_message"])
    assert thread.list_shown() == lines("q1", "q2", "q3")
    further = thread.ask("q4")
    assert thread.read() == [*lines("q1", "q2", "q3"), "q4"]
    assert further["user_message"]["after_id"] == asked[2]["message"]["id"]
    thread.show(edited["message"])
    assert thread.list_shown() == lines("q1", "Q2")
    thread.ask("Q3")
    assert thread.read() == [*lines("q1", "Q2"), "Q3"]
    thread.show(asked[1]["message"])
    assert thread.list_shown() == lines("q1", "q2", "q3", "q4")
    thread.ask("q5")
    assert thread.read() == [*lines("q1", "q2", "q3", "q4"), "q5"]


def test_the_first_question_may_be_edited_and_so_may_the_edit(thread: Thread) -> None:
    first = thread.ask("a")
    second = thread.ask("b", replaces_id=first["user_message"]["id"])
    third = thread.ask("c", replaces_id=second["user_message"]["id"])
    assert thread.read() == ["c"]
    ids = [answer["user_message"]["id"] for answer in (first, second, third)]
    assert [message["replaces_id"] for message in thread.list_messages()[2::2]] == [ids[0], ids[0]]
    [question, _] = thread.list_messages(branch="shown")
    assert question["version_ids"] == ids
    assert "after_id" not in question
    thread.show(second["message"])
    thread.ask("d")
    assert thread.read() == [*lines("b"), "d"]


def test_three_answers_to_one_question(thread: Thread) -> None:
    first = thread.ask("q")
    second = thread.answer_again(first["message"], "two")
    third = thread.answer_again(second["message"], "three")
    assert thread.read() == ["q"]
    assert third["user_message"] == first["user_message"]
    assert [message["content"] for message in thread.list_messages()] == ["q", "answer to q", "two", "three"]
    question, shown = thread.list_messages(branch="shown")
    ids = [answer["message"]["id"] for answer in (first, second, third)]
    assert (question["content"], shown["content"], shown["version_ids"]) == ("q", "three", ids)
    thread.ask("and?")
    assert thread.read() == ["q", "three", "and?"]
    thread.show(second["message"])
    assert thread.list_shown() == ["q", "two"]
    thread.ask("then?")
    assert thread.read() == ["q", "two", "then?"]
    assert thread.list_shown() == ["q", "two", *lines("then?")]
    thread.show(first["message"])
    thread.ask("why?")
    assert thread.read() == [*lines("q"), "why?"]


def test_an_answer_in_the_middle_is_given_anew(thread: Thread) -> None:
    asked = [thread.ask(f"q{number}") for number in (1, 2, 3)]
    thread.answer_again(asked[1]["message"], "anew")
    assert thread.read() == [*lines("q1"), "q2"]
    thread.ask("q4")
    assert thread.read() == [*lines("q1"), "q2", "anew", "q4"]
    thread.show(asked[1]["message"])
    assert thread.list_shown() == lines("q1", "q2", "q3")


@pytest.mark.engines("sqlite", "postgresql")
def test_a_failed_answer_is_tried_again_without_another_question(thread: Thread) -> None:
    thread.model.answers.append([ModelError("The model is away.", transient=False)])
    failed = thread.person.post(f"{thread.path}/messages", content="q")
    assert failed["status"] == "failed"
    thread.model.answers.append(["half ", ModelError("Away again.", transient=False)])
    path = f"/v1/messages/{failed['user_message']['id']}/runs"
    again = thread.person.post(path)
    assert (again["status"], again["message"]["content"]) == ("failed", "half ")
    assert "replaces_id" not in again["message"]
    thread.model.answers.append([ModelError("And again.", transient=False)])
    third = thread.person.post(path)
    assert (third["message"]["content"], third["message"]["replaces_id"]) == ("", again["message"]["id"])
    last = thread.person.post(path)
    assert [message["content"] for message in thread.list_messages()] == ["q", "half ", "", "OK."]
    assert thread.list_shown() == ["q", "OK."]
    versions = thread.list_messages(branch="shown")[1]["version_ids"]
    assert versions == [answer["message"]["id"] for answer in (again, third, last)]
    thread.ask("next")
    assert thread.read() == ["q", "OK.", "next"]


def test_a_question_that_waits_for_an_answer_anew_follows_it(thread: Thread, gate: threading.Event) -> None:
    first = thread.ask("q1")
    thread.model.answers += [[gate, "anew"], ["after it"]]
    run = thread.person.post(f"/v1/messages/{first['message']['id']}/runs", wait=0)
    waiting = thread.person.post(f"{thread.path}/messages", content="q2", wait=0)
    assert waiting["status"] == "queued"
    gate.set()
    wait_for_end(thread.person, waiting["run_id"])
    assert thread.read() == ["q1", "anew", "q2"]
    after_id = thread.list_messages()[2]["after_id"]
    assert after_id == thread.person.get(f"/v1/runs/{run['run_id']}/answer")["message"]["id"]


def test_while_the_agent_is_at_work_nothing_is_answered_anew_unless_it_stops(
    thread: Thread, gate: threading.Event
) -> None:
    first = thread.ask("q1")
    thread.model.answers += [[gate], ["anew"]]
    running = thread.person.post(f"{thread.path}/messages", content="q2", wait=0)
    path = f"/v1/messages/{first['message']['id']}/runs"
    refused = thread.person.http.post(path)
    assert refused.status_code == 409
    assert refused.json()["type"].endswith(":run-busy")
    wait_until(lambda: len(thread.model.requests) == 2)
    again = thread.person.post(path, on_busy="interrupt")
    assert again["message"]["content"] == "anew"
    assert thread.person.get(f"/v1/runs/{running['run_id']}")["status"] == "cancelled"
    assert thread.read() == ["q1"]


def test_a_request_that_is_sent_again_answers_once(thread: Thread) -> None:
    first = thread.ask("q")
    headers = {"Idempotency-Key": uuid4().hex}
    path = f"/v1/messages/{first['user_message']['id']}/runs"
    answers = [thread.person.http.post(path, headers=headers).json() for _ in range(3)]
    assert answers[0]["message"] == answers[1]["message"] == answers[2]["message"]
    stream = {"stream": True}
    streamed = {"Idempotency-Key": uuid4().hex}
    ids = {thread.person.http.post(path, json=stream, headers=streamed).headers["X-Run-ID"] for _ in range(2)}
    assert len(ids) == 1
    edit = {"content": "Q", "client_id": uuid4().hex, "replaces_id": first["user_message"]["id"]}
    edits = [thread.person.post(f"{thread.path}/messages", **edit) for _ in range(2)]
    assert edits[0] == edits[1]
    assert len(thread.list_messages()) == 6


def test_pages_of_a_branch_lead_through_it_in_both_directions(thread: Thread) -> None:
    asked = [thread.ask(f"q{number}") for number in range(1, 7)]
    thread.ask("Q5", replaces_id=asked[4]["user_message"]["id"])
    thread.answer_again(asked[2]["message"], "anew")
    for number in range(7, 11):
        thread.ask(f"q{number}")
    whole = [*lines("q1", "q2"), "q3", "anew", *lines("q7", "q8", "q9", "q10")]
    assert thread.list_shown() == whole
    for start in ({}, {"before": "end"}):
        pages, cursor = [], None
        while cursor is not None or not pages:
            params = {**start, **({"cursor": cursor} if cursor else {})}
            page = thread.person.get(f"{thread.path}/messages", branch="shown", limit=4, **params)
            pages.append([message["content"] for message in page["data"]])
            cursor = page["next_cursor"]
        ordered = pages[::-1] if start else pages
        assert [text for page in ordered for text in page] == whole
        assert {len(page) for page in pages[:-1]} == {4}
    shown = thread.list_messages(branch="shown")
    for place, message in enumerate(shown):
        assert thread.list_shown(before=message["id"]) == whole[:place]
        assert thread.list_shown(after=message["id"]) == whole[place + 1 :]
    assert thread.list_shown(limit=1, before="end") == whole[-2:]


def test_whoever_follows_hears_that_another_branch_is_shown(thread: Thread) -> None:
    def read_told() -> list[str]:
        page = thread.person.get("/v1/changes", after=after)
        return [event["message_id"] for event in page["data"] if event["type"] == "conversation.branched"]

    first = thread.ask("q")
    after = thread.person.get("/v1/changes", limit=1)["next_after"]
    edited = thread.ask("Q", replaces_id=first["user_message"]["id"])
    thread.show(first["message"])
    thread.answer_again(first["message"], "anew")
    question_id = first["user_message"]["id"]
    assert read_told() == [edited["user_message"]["id"], first["message"]["id"], question_id]


def test_what_cannot_stand_in_place_of_something_is_refused(thread: Thread) -> None:
    def post(path: str, **body: Any) -> httpx.Response:
        return thread.person.http.post(path, json=body)

    first = thread.ask("q")
    elsewhere = thread.person.chat("hello")["user_message"]["id"]
    messages = f"{thread.path}/messages"
    assert post(messages, content="x", replaces_id=first["message"]["id"]).status_code == 422
    assert post(messages, content="x", replaces_id=elsewhere).status_code == 422
    assert post("/v1/chat", message="x", replaces_id=elsewhere).status_code == 422
    assert post(f"{thread.path}/branch", message_id=elsewhere).status_code == 404
    assert post(f"/v1/messages/{uuid4()}/runs").status_code == 404
    assert post(f"/v1/messages/{first['message']['id']}/runs", on_busy="queue").status_code == 422
    assert len(thread.list_messages()) == 2


def test_among_people_there_are_no_branches(thread: Thread) -> None:
    person = thread.person
    group = person.post("/v1/conversations", kind="group", title="We", participant_ids=[])["id"]
    said = person.post(f"/v1/conversations/{group}/messages", content="hello")
    for path, body in (
        (f"/v1/conversations/{group}/messages", {"content": "hi", "replaces_id": said["id"]}),
        (f"/v1/messages/{said['id']}/runs", {}),
        (f"/v1/conversations/{group}/branch", {"message_id": said["id"]}),
    ):
        refused = person.http.post(path, json=body)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:parley:problem:no-branches")
    assert len(person.get(f"/v1/conversations/{group}/messages", branch="shown")["data"]) == 1


@pytest.mark.engines("sqlite")
def test_a_message_has_so_many_versions_at_most(thread: Thread, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.branches.places.MAX_VERSIONS", 3)
    first = thread.ask("q")
    question = first["user_message"]["id"]
    for word in ("a", "b"):
        thread.ask(word, replaces_id=question)
        thread.answer_again(first["message"], word)
    over = thread.person.http.post(f"{thread.path}/messages", json={"content": "c", "replaces_id": question})
    again = thread.person.http.post(f"/v1/messages/{question}/runs")
    for refused in (over, again):
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:parley:problem:limit-reached")


@pytest.mark.engines("sqlite", "postgresql")
def test_a_branch_is_shown_by_another_worker_and_outlives_a_restart(
    own_database_url: str, model: ScriptedModel
) -> None:
    with serving(settings_for(own_database_url), model=model) as server:
        person = server.person()
        thread = Thread(person, model, person.post("/v1/conversations")["id"])
        first = thread.ask("q")
        thread.ask("Q", replaces_id=first["user_message"]["id"])
        thread.show(first["user_message"])
        email = person.email
    with serving(settings_for(own_database_url), model=model) as server:
        thread.person = server.sign_in(email)
        assert thread.list_shown() == lines("q")
        thread.ask("and?")
        assert thread.read() == [*lines("q"), "and?"]

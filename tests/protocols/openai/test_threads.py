# test_threads.py -- in which conversation a completion goes on, and what is taken for a request that was sent again.
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import openai
import pytest
from sqlalchemy import update
from sqlmodel import col

from clock import utc_now
from db import Transaction
from llm.protocol import ModelError
from models import Conversation
from support.clients.openai_client import ask, assistant, make_key, openai_client, post_raw, text_of, user
from support.llm.scripted_model import ScriptedModel
from support.servers import Person, Server, in_database, ok

pytestmark = [pytest.mark.engines("sqlite", "postgresql"), pytest.mark.also_on_mariadb]


@pytest.fixture
def client(server: Server, ann: Person) -> Iterator[openai.OpenAI]:
    with openai_client(server, make_key(ann)) as connected:
        yield connected


def conversations(person: Person) -> list[list[str]]:
    """What was said in each, the oldest first."""
    ids = [row["id"] for row in reversed(person.get("/v1/conversations")["data"])]
    return [
        [message["content"] for message in person.get(f"/v1/conversations/{each}/messages")["data"]]
        for each in ids
    ]


def titles(person: Person) -> list[str]:
    return [task["title"] for task in person.get("/v1/tasks")["data"]]


def test_who_sends_all_that_was_said_goes_on_in_the_same_conversation(
    client: openai.OpenAI, ann: Person
) -> None:
    said = ["add buy milk"]
    for text in ("add call mom", "what is on my list?"):
        said += [text_of(ask(client, *said)), text]
    said.append(text_of(ask(client, {"role": "system", "content": "Today is Sunday."}, *turns(said))))
    assert conversations(ann) == [said]
    assert titles(ann) == ["Call mom", "Buy milk"]


def turns(said: list[str]) -> list[dict[str, Any]]:
    return [(assistant if place % 2 else user)(text) for place, text in enumerate(said)]


def test_an_edited_message_begins_a_conversation_with_the_history_that_was_sent(
    client: openai.OpenAI, ann: Person
) -> None:
    first = text_of(ask(client, "add buy milk"))
    second = text_of(ask(client, "add buy milk", first, "add call mom"))
    edited = text_of(ask(client, "add buy milk", first, "add call dad"))
    again = text_of(ask(client, "add buy milk", first, "add call dad", edited, "what is on my list?"))
    whole = ["add buy milk", first, "add call mom", second]
    assert conversations(ann) == [
        whole,
        ["add buy milk", first, "add call dad", edited, "what is on my list?", again],
    ]
    assert ann.get("/v1/conversations")["data"][0]["title"] == "add buy milk"


def test_a_history_that_parley_does_not_know_is_what_the_agent_reads(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    with openai_client(scripted, make_key(carl)) as client:
        ask(client, "My name is Carl.", "Hello Carl.", "Who am I?")
    [request] = model.requests
    assert [turn.text for turn in request.turns] == ["My name is Carl.", "Hello Carl.", "Who am I?"]
    assert conversations(carl) == [["My name is Carl.", "Hello Carl.", "Who am I?", "OK."]]
    changes = carl.get("/v1/changes", after=0)["data"]
    told = [change["message"]["content"] for change in changes if change["type"] == "message.created"]
    assert told == ["My name is Carl.", "Hello Carl.", "Who am I?", "OK."]


def test_two_that_begin_with_the_same_words_stay_apart(client: openai.OpenAI, ann: Person) -> None:
    answers = [text_of(ask(client, "add buy milk")) for _ in range(2)]
    for text, answer in zip(("add call mom", "add call dad"), answers, strict=True):
        ask(client, "add buy milk", answer, text)
    assert sorted(len(said) for said in conversations(ann)) == [4, 4]
    assert {said[2] for said in conversations(ann)} == {"add call mom", "add call dad"}


def test_a_request_that_the_client_sends_again_is_answered_once(client: openai.OpenAI, ann: Person) -> None:
    again = {"x-stainless-retry-count": "1"}
    said = ["add buy milk"]
    for text in ("add call mom", "add call dad"):
        first, second = ask(client, *said), ask(client, *said, extra_headers=again)
        assert (first.id, text_of(first)) == (second.id, text_of(second))
        said += [text_of(first), text]
    assert [len(said) for said in conversations(ann)] == [4]
    assert titles(ann) == ["Call mom", "Buy milk"]
    ask(client, "add eggs", extra_headers=again)  # the first one has not arrived
    assert titles(ann)[0] == "Eggs"


def test_a_key_of_the_clients_makes_a_request_once_and_its_conversation_goes_on(ann: Person) -> None:
    said = [user("add buy milk")]
    for text in ("add call mom", "what is on my list?"):
        key = str(uuid4())
        body = {"model": "parley", "messages": said}
        first, second = (ok(post_raw(ann, body, **{"Idempotency-Key": key})) for _ in range(2))
        assert first == second
        streamed = post_raw(ann, {**body, "stream": True}, **{"Idempotency-Key": key})
        assert streamed.status_code == 400  # it is another request
        said += [assistant(first["choices"][0]["message"]["content"]), user(text)]
    assert [len(texts) for texts in conversations(ann)] == [4]
    assert titles(ann) == ["Call mom", "Buy milk"]


@pytest.mark.parametrize("named", ["header", "metadata"])
@pytest.mark.parametrize("name", ["my-chat", "3f0c4b5e-0000-4000-8000-00000000c0de", "Überall 🙂"])
def test_a_conversation_that_the_client_names_takes_each_message_once(
    client: openai.OpenAI, ann: Person, name: str, named: str
) -> None:
    more: dict[str, Any] = {"extra_headers": {"X-Conversation-Id": name.encode("ascii", "replace").decode()}}
    if named == "metadata":
        more = {"metadata": {"conversation_id": name}}
    first = ask(client, "add buy milk", **more)
    assert ask(client, "add buy milk", **more).id == first.id
    ask(client, "add buy milk", "Never mind what it said.", "add call mom", **more)
    assert titles(ann) == ["Call mom", "Buy milk"]
    assert [len(said) for said in conversations(ann)] == [4]


def test_a_client_that_sends_each_message_alone_may_say_the_same_again(
    client: openai.OpenAI, ann: Person
) -> None:
    more = {"extra_headers": {"X-Conversation-Id": "my-chat"}}
    for text in ("add buy milk", "add call mom", "add buy milk", "add buy milk"):
        ask(client, text, **more)
    assert titles(ann) == ["Buy milk", "Buy milk", "Call mom", "Buy milk"]
    ask(client, "add buy milk", extra_headers={**more["extra_headers"], "X-Stainless-Retry-Count": "1"})
    assert len(titles(ann)) == 4


def test_a_history_that_is_cut_to_a_window_goes_on(client: openai.OpenAI, ann: Person) -> None:
    more = {"extra_headers": {"X-Conversation-Id": "my-chat"}}
    for text in ("add buy milk", "add call mom", "add buy milk", "add call mom"):
        ask(client, "Something.", "Before.", text, **more)
    assert titles(ann) == ["Call mom", "Buy milk", "Call mom", "Buy milk"]


def test_a_conversation_of_parleys_goes_on_by_its_id(client: openai.OpenAI, ann: Person) -> None:
    conversation_id = ann.chat("add buy milk")["conversation_id"]
    for name in (conversation_id, f"conv_{conversation_id}"):
        ask(client, f"add task {name[:5]}", extra_headers={"X-Conversation-Id": name})
    assert [len(said) for said in conversations(ann)] == [6]


def test_a_named_conversation_that_was_deleted_begins_anew(client: openai.OpenAI, ann: Person) -> None:
    more = {"extra_headers": {"X-Conversation-Id": "my-chat"}}
    ask(client, "add buy milk", **more)
    [row] = ann.get("/v1/conversations")["data"]
    ann.delete(f"/v1/conversations/{row['id']}")
    ask(client, "add buy milk", **more)
    assert [said[0] for said in conversations(ann)] == ["add buy milk"]


def test_a_named_conversation_that_is_hidden_has_a_successor(
    server: Server, client: openai.OpenAI, ann: Person
) -> None:
    more = {"extra_headers": {"X-Conversation-Id": "my-chat"}}
    ask(client, "add buy milk", **more)
    [row] = ann.get("/v1/conversations")["data"]

    async def hide(tx: Transaction) -> None:
        hidden = update(Conversation).where(col(Conversation.id) == UUID(row["id"]))
        await tx.execute(hidden.values(deleted_at=utc_now()))

    in_database(server, hide)
    assert conversations(ann) == []
    ask(client, "add buy milk", **more)
    ask(client, "add buy milk", **more)
    assert [len(said) for said in conversations(ann)] == [2]


def test_the_same_message_twice_at_once_is_answered_once(client: openai.OpenAI, ann: Person) -> None:
    def send(_: int) -> str:
        completion = ask(client, "add buy milk", extra_headers={"X-Conversation-Id": "my-chat"})
        return str(completion.id)

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(send, range(4)))) == 1
    assert titles(ann) == ["Buy milk"]


def test_a_message_whose_run_has_failed_is_answered_when_it_is_sent_again(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    model.answers = [[ModelError("The provider refuses this.", transient=False)], ["Here I am."]]
    more = {"extra_headers": {"X-Conversation-Id": "my-chat"}}
    with openai_client(scripted, make_key(carl)) as client:
        with pytest.raises(openai.InternalServerError):
            ask(client, "hello?", **more)
        assert text_of(ask(client, "hello?", **more)) == "Here I am."
        assert text_of(ask(client, "hello?", **more)) == "OK."

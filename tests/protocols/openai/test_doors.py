# test_doors.py -- OpenAI's API: who comes in, which agents are models, and what is another's.
from typing import Any

import openai
import pytest

from support.api.accounts import make_people, make_team
from support.api.bots import add_bot
from support.api.doors import ENDED
from support.clients.openai_client import OPENAI_BASE, ask, make_key, openai_client, post_raw, text_of, user
from support.servers import Person, Server, ok

pytestmark = pytest.mark.engines("sqlite")
HELLO = {"model": "parley", "messages": [user("hello")]}
ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/models", None),
    ("GET", "/models/parley", None),
    ("POST", "/chat/completions", HELLO),
    ("POST", "/responses", {"model": "parley", "input": "hello"}),
    ("GET", "/responses/resp_1", None),
    ("POST", "/responses/resp_1/cancel", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_nobody_comes_in_without_a_credential_that_counts(
    server: Server, method: str, path: str, body: Any
) -> None:
    keys = {"": None, **{name: make(server) for name, make in ENDED.items()}}
    for name, key in keys.items():
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        answer = server.client().request(method, OPENAI_BASE + path, json=body, headers=headers)
        assert answer.status_code == 401, name
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/json"
        error = answer.json()["error"]
        assert error["type"] == "authentication_error"
        assert (key or "Bearer") not in answer.text


@pytest.mark.parametrize("scope", ["read", "chat", "tasks:write", "read write"])
def test_a_key_may_what_its_scopes_say(server: Server, ann: Person, scope: str) -> None:
    with openai_client(server, make_key(ann, *scope.split())) as client:
        if scope != "tasks:write":
            assert [model.id for model in client.models.list()] == ["parley"]
        else:
            with pytest.raises(openai.PermissionDeniedError):
                client.models.list()
        if scope in ("chat", "read write"):
            assert text_of(ask(client, "add buy milk")) == "Added “Buy milk”."
        else:
            with pytest.raises(openai.PermissionDeniedError) as refused:
                ask(client, "add buy milk")
            assert refused.value.code == "insufficient_scope"


def test_the_agents_of_ones_accounts_are_models(server: Server) -> None:
    people = make_people(server, "owner", "member", "stranger")
    team = make_team({name: people[name] for name in ("owner", "member")})
    agent = team.people["owner"].post(f"/v1/accounts/{team.id}/agents", name="Support")
    for name, expected in (("owner", True), ("member", True), ("stranger", False)):
        with openai_client(server, make_key(people[name])) as client:
            models = {model.id: model for model in client.models.list()}
            assert list(models) == (["parley", agent["id"]] if expected else ["parley"])
            if expected:
                assert client.models.retrieve(agent["id"]).name == "Support"  # type: ignore[attr-defined]
                assert text_of(ask(client, "add buy milk", model=agent["id"])) == "Added “Buy milk”."
                [row] = people[name].get("/v1/conversations")["data"]
                assert (row["account_id"], row["agent_id"]) == (team.id, agent["id"])
                continue
            for refuse in (
                lambda c: c.models.retrieve(agent["id"]),
                lambda c: ask(c, "hi", model=agent["id"]),
            ):
                with pytest.raises(openai.NotFoundError) as refused:
                    refuse(client)
                assert refused.value.body == {
                    "message": f"The model '{agent['id']}' does not exist.",
                    "type": "not_found_error",
                    "param": "model",
                    "code": "model_not_found",
                }


def test_an_unknown_model_is_refused_by_name(server: Server, ann: Person) -> None:
    with openai_client(server, make_key(ann)) as client:
        for model in ("gpt-9", "00000000-0000-4000-8000-000000000099"):
            with pytest.raises(openai.NotFoundError, match=f"The model '{model}' does not exist."):
                ask(client, "hi", model=model)
        assert client.models.retrieve("parley").owned_by == "parley"


def test_anothers_conversation_is_a_name_like_any_other(server: Server, ann: Person, bob: Person) -> None:
    theirs = ann.chat("add buy milk")["conversation_id"]
    before = ann.get(f"/v1/conversations/{theirs}/messages")
    with openai_client(server, make_key(bob)) as client:
        for name in (theirs, f"conv_{theirs}"):
            ask(client, "what is on my list?", extra_headers={"X-Conversation-Id": name})
        ask(client, "add buy milk", "Added “Buy milk”.", "delete it")
    assert ann.get(f"/v1/conversations/{theirs}/messages") == before
    assert theirs not in {row["id"] for row in bob.get("/v1/conversations")["data"]}
    assert len(ann.get("/v1/conversations")["data"]) == 1


def test_anothers_response_is_not_found_as_one_that_is_not_there(
    server: Server, ann: Person, bob: Person
) -> None:
    run_id = ann.chat("add buy milk")["run_id"]
    waiting = ann.chat("delete buy milk")
    call_id = waiting["pending_approvals"][0]["tool_call_id"]
    before = ann.get(f"/v1/runs/{waiting['run_id']}")
    missing = "3f0c4b5e-0000-4000-8000-00000000c0de"
    hello = {"model": "parley", "input": "hi"}
    for response_id in (f"resp_{run_id}", f"resp_{missing}", "resp_x", "x"):
        for method, path, body, param in (
            ("GET", f"/responses/{response_id}", None, "response_id"),
            ("GET", f"/responses/{response_id}?stream=true", None, "response_id"),
            ("POST", f"/responses/{response_id}/cancel", None, "response_id"),
            ("POST", "/responses", {**hello, "previous_response_id": response_id}, "previous_response_id"),
        ):
            answer = bob.http.request(method, OPENAI_BASE + path, json=body)
            assert (answer.status_code, answer.json()["error"]) == (
                404,
                {
                    "message": f"Response with id '{response_id}' not found.",
                    "type": "not_found_error",
                    "param": param,
                    "code": "response_not_found",
                },
            )
    refusals = set()
    for request_id in (f"mcpr_{call_id.replace(':', '_')}", f"mcpr_{missing}_1"):
        approval = {"type": "mcp_approval_response", "approval_request_id": request_id, "approve": True}
        answer = bob.http.post(f"{OPENAI_BASE}/responses", json={"model": "parley", "input": [approval]})
        refusals.add((answer.status_code, answer.text))
    assert len(refusals) == 1
    assert ann.get(f"/v1/runs/{waiting['run_id']}") == before
    assert bob.get("/v1/conversations")["data"] == []


def test_a_key_cannot_approve(server: Server, ann: Person) -> None:
    ann.post("/v1/tasks", title="Buy milk")
    with openai_client(server, make_key(ann)) as client:
        asked = client.responses.create(model="parley", input="delete buy milk")
        [request] = asked.output
        answer = {"type": "mcp_approval_response", "approval_request_id": request.id, "approve": True}
        with pytest.raises(openai.PermissionDeniedError) as refused:
            client.responses.create(model="parley", input=[answer])  # type: ignore[list-item]
    assert refused.value.code == "session_required"
    assert len(ann.get("/v1/tasks")["data"]) == 1


def test_a_conversation_stays_with_its_agent(server: Server, ann: Person) -> None:
    agent = ann.post(f"/v1/accounts/{ann.id}/agents", name="Support")
    conversation_id = ann.chat("add buy milk")["conversation_id"]
    answer = post_raw(ann, {**HELLO, "model": agent["id"]}, **{"X-Conversation-Id": conversation_id})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "wrong_model")


def test_an_agent_begins_no_conversation(server: Server) -> None:
    team = make_team(make_people(server, "owner"))
    bot = add_bot(server, team)
    answer = post_raw(bot, HELLO)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_for_agents")
    assert ok(bot.http.get("/v1/conversations"))["data"] == []


def test_an_external_agent_answers_here_as_well(server: Server) -> None:
    team = make_team(make_people(server, "owner"))
    bot = add_bot(server, team)
    owner = team.people["owner"]
    with (
        openai_client(server, make_key(owner)) as client,
        ask(client, "how many users?", model=str(bot.id), stream=True) as chunks,
    ):
        [waiting] = owner.get("/v1/conversations")["data"]
        ok(bot.http.post(f"/v1/conversations/{waiting['id']}/messages", json={"content": "Twelve."}))
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == "Twelve."

# bad_input/conftest.py -- a person with one row of everything, and the proof that nothing was stored.


from collections.abc import Iterator

import pytest

from support.api.accounts import invite, join
from support.api.bad_input import Somebody
from support.databases.table_rows import count_rows
from support.servers import Server


@pytest.fixture
def nothing_stored(server: Server, somebody: "Somebody") -> Iterator[None]:
    before = count_rows(server), somebody.everything()
    yield
    assert (count_rows(server), somebody.everything()) == before


@pytest.fixture(scope="module")
def somebody(server: Server) -> Somebody:
    person = server.person()
    chat = person.chat("hello")
    ids = {
        "task_id": person.post("/v1/tasks", title="A task")["id"],
        "conversation_id": chat["conversation_id"],
        "run_id": chat["run_id"],
        "asked_id": chat["user_message"]["id"],
        "tool_call_id": "call_1",
        "token_id": person.post("/v1/me/tokens", name="A program", scopes=["read"])["id"],
        "session_id": person.get("/v1/me/sessions")["data"][0]["id"],
    }
    partner = server.person()
    ids["account_id"], ids["user_id"] = person.post("/v1/accounts", name="Bakery")["id"], str(partner.id)
    join(person, ids["account_id"], partner)
    ids["invitation_id"] = invite(person, ids["account_id"], "somebody@example.com")["id"]
    agents = f"/v1/accounts/{ids['account_id']}/agents"
    ids["agent_id"] = person.post(agents, name="Support")["id"]
    ids["chat_id"] = person.post(f"/v1/chats/{ids['account_id']}/{ids['agent_id']}")["id"]
    group = {"kind": "group", "title": "Cakes", "account_id": ids["account_id"]}
    ids["group_id"] = person.post("/v1/conversations", **group, participant_ids=[ids["user_id"]])["id"]
    ids["message_id"] = person.post(f"/v1/conversations/{ids['group_id']}/messages", content="Hello")["id"]
    for number in range(3):
        person.post("/v1/tasks", title=f"Task {number}")
        person.post("/v1/conversations", title=f"Conversation {number}")
    return Somebody(person, ids)

# test_live_dialects.py -- the whole of Parley with a model behind each kind of server.
from typing import Any

import pytest

from llm import providers
from support.llm.dialects import load_dialects
from support.llm.scripted_provider import Reply, ScriptedProvider, scripted_provider
from support.servers import Person, serving, settings_for

# A dialect ends where the record begins.
pytestmark = pytest.mark.engines("sqlite")

DIALECTS = load_dialects()
TWO = [("add_task", {"title": "Buy milk"}), ("add_task", {"title": "Call Zoë"})]


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.busy
def test_a_chat_goes_through_every_dialect(
    name: str, own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialect = DIALECTS[name]
    with scripted_provider() as provider:
        url = f"{provider.root_url}{dialect.path}"
        monkeypatch.setitem(providers.BASE_URLS, "openai", url)
        base_url = None if dialect.model.startswith("openai:") else url
        settings = settings_for(
            own_database_url, model=dialect.model, model_base_url=base_url, model_api_key="key"
        )
        with serving(settings) as server:
            object.__setattr__(server.state.worker.context, "backoff_seconds", 0.01)
            talk(server.person(), provider, name)
        assert not server.app.state.model.transport.is_open


def talk(ann: Person, provider: ScriptedProvider, name: str) -> None:
    dialect = DIALECTS[name]
    replies = [
        dialect.reply(dialect.text(["Good", " day."])),
        dialect.cut(dialect.text(["Half", " of", " it"]), 0),
        dialect.reply(dialect.text(["Whole."])),
        dialect.reply(dialect.calls(TWO)),
        dialect.reply(dialect.text(["Both", " added."])),
    ]

    def answer(body: Any) -> Reply:
        return dialect.refuse(provider.requests[-1]) or replies.pop(0)

    provider.script[:] = [answer] * 12
    first = ann.chat("hello")
    assert (first["status"], first["message"]["content"]) == ("completed", "Good day.")
    where = {"conversation_id": first["conversation_id"]}
    again = ann.chat("and again", **where)
    assert (again["status"], again["message"]["content"]) == ("completed", "Whole.")
    added = ann.chat("milk and Zoë", **where)
    assert (added["status"], added["message"]["content"]) == ("completed", "Both added.")
    assert [call["result"]["title"] for call in added["tool_calls"]] == ["Buy milk", "Call Zoë"]
    run = ann.get(f"/v1/runs/{added['run_id']}")
    assert (run["input_tokens"], run["output_tokens"]) == tuple(2 * count for count in dialect.counts)

# test_clients.py -- clients of others, as they stand, against OpenAI's API of Parley.
import re

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI

from support.clients.node import needs_node, run_node
from support.clients.openai_client import OPENAI_BASE, make_key
from support.servers import Person, Server
from support.source import BACKEND

pytestmark = pytest.mark.engines("sqlite")


def titles(person: Person) -> list[str]:
    return [task["title"] for task in person.get("/v1/tasks")["data"]]


@needs_node
def test_openais_client_for_javascript(server: Server, ann: Person) -> None:
    """openai for JavaScript"""
    found = run_node("openai.mjs", server, make_key(ann))
    assert found["models"] == ["parley"]
    assert found["whole"] == "Added “Buy milk”."
    assert found["streamed"] == "You have 1 open task:\n1. Buy milk"
    assert found["usage"].keys() == {"prompt_tokens", "completion_tokens", "total_tokens"}
    assert (found["items"], found["text"]) == (["mcp_call", "message"], "Added “Call mom”.")
    assert found["types"][0] == "response.created"
    assert found["resumed"] == found["types"][-2:]
    assert found["failures"] == [
        ["NotFoundError", 404, "model_not_found"],
        ["NotFoundError", 404, "response_not_found"],
        ["AuthenticationError", 401, "invalid_token"],
    ]
    assert titles(ann) == ["Call mom", "Buy milk"]


@needs_node
def test_the_ai_sdk_with_its_providers(server: Server, ann: Person) -> None:
    """AI SDK"""
    found = run_node("ai_sdk.mjs", server, make_key(ann))
    assert found.pop("failure") == ["AI_APICallError", 404, "The model 'gpt-9' does not exist."]
    for name, answers in found.items():
        assert answers["whole"] == f"Added “{name.title()} milk”."
        assert answers["streamed"] == f"Added “{name.title()} eggs”."
        assert answers["reason"] == "stop"
        assert not [part for part in answers["parts"] if part.startswith("error")]
        assert ({"tool-call", "tool-result"} <= {*answers["parts"]}) == (name == "responses")
    assert len(titles(ann)) == 6
    assert len(ann.get("/v1/conversations")["data"]) == 3  # of each provider one


def test_langchain(server: Server, ann: Person) -> None:
    """LangChain's ChatOpenAI"""
    base, key = server.base_url + OPENAI_BASE, make_key(ann)
    for is_responses in (False, True):
        name = "Responses" if is_responses else "Chat"
        model = ChatOpenAI(model="parley", base_url=base, api_key=key, use_responses_api=is_responses)  # type: ignore[arg-type]
        first = model.invoke([SystemMessage("Be kind."), HumanMessage(f"add {name} milk")])
        assert first.text == f"Added “{name} milk”."
        said = [HumanMessage(f"add {name} milk"), first, HumanMessage(f"add {name} eggs")]
        assert isinstance(first, AIMessage)
        assert "".join(chunk.text for chunk in model.stream(said)) == f"Added “{name} eggs”."
    assert titles(ann) == ["Responses eggs", "Responses milk", "Chat eggs", "Chat milk"]
    assert len(ann.get("/v1/conversations")["data"]) == 2


def test_the_readme_names_the_clients_that_are_tried_here() -> None:
    readme = (BACKEND.parent / "README.md").read_text()
    section = readme.split("## From chat pages and libraries", 1)[1].split("\n## ", 1)[0]
    listed = set(re.findall(r"^\| ([^|`]+?) \| ", section, re.MULTILINE)) - {"client", "---"}
    tried = {
        test.__doc__
        for test in (test_openais_client_for_javascript, test_the_ai_sdk_with_its_providers, test_langchain)
    }
    assert listed == {*tried, "openai for Python", "AI SDK's useChat", "AG-UI's HttpAgent"}

# test_agent_options.py -- what hosted agents may be given: the lists say it, and what they say is taken.
from collections.abc import Iterator

import pytest

from support.api.bad_input import ON_ONE_ENGINE
from support.servers import Person, Server, serving, settings_for
from tools.registry import TOOLS


@ON_ONE_ENGINE
def test_every_tool_is_listed_in_words_for_people_and_taken_by_its_name(ann: Person) -> None:
    listed = ann.get("/v1/tools")
    assert [tool["name"] for tool in listed["data"]] == list(TOOLS)
    assert listed["next_cursor"] is None
    assert listed["data"][0] == {
        "name": "add_task",
        "title": "Add task",
        "description": TOOLS["add_task"].description,
    }
    names = [tool["name"] for tool in listed["data"]]
    assert ann.post(f"/v1/accounts/{ann.id}/agents", name="Support", tools=names)["tools"] == names


@ON_ONE_ENGINE
def test_the_offline_model_is_the_only_one_until_an_operator_names_others(ann: Person) -> None:
    assert ann.get("/v1/models") == {"data": [{"name": "rules"}], "next_cursor": None}


@pytest.fixture
def choosing(own_database_url: str) -> Iterator[Server]:
    settings = settings_for(own_database_url, model="ollama:first", models="ollama:second,ollama:first")
    with serving(settings) as server:
        yield server


@ON_ONE_ENGINE
def test_the_models_of_the_operator_are_listed_and_each_may_be_chosen(choosing: Server) -> None:
    person = choosing.person()
    names = [model["name"] for model in person.get("/v1/models")["data"]]
    assert names == ["ollama:first", "ollama:second"]
    for name in names:
        assert person.post(f"/v1/accounts/{person.id}/agents", name="A", model=name)["model"] == name

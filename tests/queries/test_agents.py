# test_agents.py -- an agent that queries data: who has the tools, what a run does with them, what its answer tells.
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import Secret

from agent.offered_tools import offer_tools
from queries.databases import QueryDatabases
from services.audit.query_audit import DESCRIBE_TOOL, QUERY_TOOL
from support.api.bad_input import ON_ONE_ENGINE
from support.llm.scripted_model import ScriptedModel, call
from support.queries.shops import PASSWORD, Shop, open_sqlite_shop
from support.servers import Person, Server, serving, settings_for
from tools.registry import DATA_TOOLS, TOOLS

NAMES = ["describe_data", "query_data"]
SALES = "SELECT c.name, sum(o.total) AS total FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY c.name"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_sqlite_shop(tmp_path / "shop.db")


def allow(server: Server, shop: Shop, *people: Person, **given: Any) -> None:
    entry = shop.entry(accounts=[person.id for person in people], **given)
    object.__setattr__(server.state.worker.context, "databases", QueryDatabases([entry]))


def begin(person: Person, server: Server, **given: Any) -> str:
    """A conversation with a new agent that has the tools; the path of its messages."""
    server.settings.query_databases = Secret(["a database"])  # type: ignore[list-item]
    values = {"name": "Analyst", "tools": NAMES, **given}
    agent = person.post(f"/v1/accounts/{person.id}/agents", **values)
    return f"/v1/conversations/{person.post('/v1/conversations', agent_id=agent['id'])['id']}/messages"


def query(sql: str, **more: Any) -> Any:
    return call("query_data", {"database": "shop", "sql": sql, **more})


def test_the_audit_and_the_tools_have_the_same_names() -> None:
    assert set(DATA_TOOLS) == {DESCRIBE_TOOL, QUERY_TOOL} == set(NAMES)
    assert {"sql", "note"} <= DATA_TOOLS[QUERY_TOOL].parameters()["properties"].keys()


@pytest.mark.also_on_mariadb
def test_an_agent_describes_queries_tries_again_and_tells_how(
    scripted: Server, carl: Person, model: ScriptedModel, shop: Shop
) -> None:
    allow(scripted, shop, carl)
    path = begin(carl, scripted)
    wrong = "SELECT name, sum(total) AS total FROM orders GROUP BY name"
    model.answers = [
        [call("describe_data", {})],
        [query(wrong)],
        [query(SALES, note="Sales are the totals of all orders.")],
        ["Ann bought most."],
    ]
    answer = carl.post(path, content="Who bought most?")
    described, failed, found = answer["tool_calls"]
    [database] = described["result"]["databases"]
    assert (database["name"], database["dialect"]) == ("shop", "sqlite")
    assert [table["name"] for table in database["tables"]] == ["customers", "large_orders", "orders"]
    assert database["tables"][2]["columns"][1] == {
        "name": "customer_id",
        "type": "INTEGER",
        "nullable": True,
        "key": "customers.id",
    }
    assert failed[
        "error"
    ] == "There is no column name. Names that are made by the query are given with AS. " + (
        "The columns are: at, customer_id, id, note, total."
    )
    assert found["result"]["columns"] == [
        {"name": "name", "kind": "text"},
        {"name": "total", "kind": "number"},
    ]
    assert sorted(found["result"]["rows"]) == [["Ann", 210.5], ["Bob", 99.99]]
    assert not found["result"]["more"]
    message = answer["message"]
    assert message["action"] == "QUERY"
    assert message["query_attempts"] == [{"query": wrong, "error": failed["error"]}, {"query": SALES}]
    assert message["final_query"] == found["result"]["query"]
    assert "`main`.`orders` AS `o`" in message["final_query"]
    assert message["resolution_note"] == "Sales are the totals of all orders."
    assert "error" not in message
    assert message == carl.get(path)["data"][-1]
    # The model has read each outcome, and the run is the person's to look at.
    assert [len(request.turns) for request in model.requests] == [1, 2, 3, 4]
    assert [tool.name for tool in model.requests[0].tools] == NAMES


@ON_ONE_ENGINE
@pytest.mark.parametrize(
    ("calls", "told"),
    [
        ([call("describe_data", {"database": "shop"})], {"action": "DESCRIBE"}),
        (
            [query("DROP TABLE orders")],
            {
                "action": "ERROR",
                "query_attempts": [
                    {
                        "query": "DROP TABLE orders",
                        "error": "Only one SELECT is allowed, which may begin with WITH.",
                    }
                ],
                "error": "Only one SELECT is allowed, which may begin with WITH.",
            },
        ),
        (
            [call("describe_data", {"database": "other"})],
            {
                "action": "ERROR",
                "error": "There is no database named other. The databases are: shop.",
            },
        ),
        (
            [call("query_data", {"database": "shop"})],
            {"action": "ERROR", "error": "Wrong arguments for query_data: sql: Field required."},
        ),
        ([call("query_data", "{broken")], {"action": "ERROR"}),
        ([call("list_tasks", {})], {}),
        ([], {}),
    ],
)
def test_what_an_answer_tells(
    scripted: Server, carl: Person, model: ScriptedModel, shop: Shop, calls: list[Any], told: dict[str, Any]
) -> None:
    allow(scripted, shop, carl)
    path = begin(carl, scripted, tools=[*NAMES, "list_tasks"])
    model.answers = [*([each] for each in calls), ["Done."]]
    message = carl.post(path, content="go")["message"]
    fields = ("action", "query_attempts", "final_query", "resolution_note", "error")
    shown = {name: message[name] for name in fields if name in message}
    if calls and calls[0].arguments == "{broken":
        assert shown.pop("error").startswith("The arguments are not a JSON object")
    assert shown == told


@pytest.mark.also_on_mariadb
def test_only_an_agent_that_names_the_tools_in_an_account_that_may_has_them(
    scripted: Server, carl: Person, model: ScriptedModel, shop: Shop
) -> None:
    dora = scripted.person()
    allow(scripted, shop, carl)
    carl.chat("hello")
    for person, given in ((carl, {"tools": None}), (carl, {"tools": ["list_tasks"]}), (dora, {}), (carl, {})):
        person.post(begin(person, scripted, **given), content="hello")
    assert [[tool.name for tool in request.tools] for request in model.requests] == [
        list(TOOLS),
        list(TOOLS),
        ["list_tasks"],
        [],
        NAMES,
    ]
    # Without it, a call is one of a tool that there is not.
    model.answers = [[query(SALES)], ["I cannot."]]
    answer = dora.post(begin(dora, scripted), content="Who bought most?")
    assert answer["tool_calls"][0]["error"] == "There is no tool named query_data. The tools are: none."
    assert answer["message"]["action"] == "ERROR"
    model.answers = [[query(SALES)], ["I cannot."]]
    [refused] = carl.chat("Who bought most?")["tool_calls"]
    assert refused["error"] == f"There is no tool named query_data. The tools are: {', '.join(TOOLS)}."


@ON_ONE_ENGINE
def test_another_accounts_database_is_told_of_as_one_that_there_is_not(
    scripted: Server, carl: Person, model: ScriptedModel, shop: Shop
) -> None:
    dora = scripted.person()
    entries = [
        shop.entry(name="ours", accounts=[carl.id]),
        shop.entry(name="theirs", accounts=[dora.id]),
    ]
    object.__setattr__(scripted.state.worker.context, "databases", QueryDatabases(entries))
    path = begin(carl, scripted)
    errors = []
    for name in ("theirs", "nothing"):
        model.answers = [
            [call("query_data", {"database": name, "sql": "SELECT 1 AS n"})],
            [call("describe_data", {"database": name})],
            ["No."],
        ]
        errors.append(
            [each["error"].replace(name, "NAME") for each in carl.post(path, content="go")["tool_calls"]]
        )
    assert errors == [["There is no database named NAME. The databases are: ours."] * 2] * 2
    model.answers = [[call("describe_data", {})], ["Ours."]]
    answer = carl.post(path, content="go")
    assert [each["name"] for each in answer["tool_calls"][0]["result"]["databases"]] == ["ours"]


@pytest.mark.also_on_mariadb
def test_a_database_that_is_away_hides_no_other_and_shows_no_url(
    scripted: Server, carl: Person, model: ScriptedModel, shop: Shop
) -> None:
    away = f"postgresql://reader:{PASSWORD}@127.0.0.1:1/secret"
    entries = [shop.entry(accounts=[carl.id]), shop.entry(name="away", url=away, accounts=[carl.id])]
    object.__setattr__(scripted.state.worker.context, "databases", QueryDatabases(entries))
    model.answers = [
        [call("describe_data", {}), call("query_data", {"database": "away", "sql": "SELECT 1 AS n"})],
        ["One is away."],
    ]
    answer = carl.post(begin(carl, scripted), content="go")
    described, failed = answer["tool_calls"]
    assert [(each["name"], each.get("error")) for each in described["result"]["databases"]] == [
        ("shop", None),
        ("away", "The database cannot be reached at the moment."),
    ]
    assert failed["error"] == "The database cannot be reached at the moment."
    everything = json.dumps([answer, carl.get("/v1/conversations"), carl.get("/v1/tool-calls")])
    assert PASSWORD not in everything and "127.0.0.1:1" not in everything


@ON_ONE_ENGINE
def test_the_tools_can_be_chosen_where_the_operator_has_named_a_database(
    scripted: Server, carl: Person, shop: Shop
) -> None:
    assert [tool["name"] for tool in carl.get("/v1/tools")["data"]] == list(TOOLS)
    agents = f"/v1/accounts/{carl.id}/agents"
    assert carl.http.post(agents, json={"name": "A", "tools": NAMES}).status_code == 422
    begin(carl, scripted)
    assert [tool["name"] for tool in carl.get("/v1/tools")["data"]] == [*TOOLS, *NAMES]


def test_the_built_in_agent_never_has_them() -> None:
    assert list(offer_tools(None, has_databases=True)) == list(TOOLS)


@ON_ONE_ENGINE
@pytest.mark.parametrize("tools", [NAMES, [*NAMES, *TOOLS]])
def test_without_a_language_model_the_agent_says_that_it_needs_one(
    own_database_url: str, shop: Shop, tools: list[str]
) -> None:
    settings = settings_for(own_database_url, query_databases=[shop.entry(accounts=[UUID(int=1)])])
    with serving(settings) as server:
        person = server.person()
        allow(server, shop, person)
        agent = person.post(f"/v1/accounts/{person.id}/agents", name="Analyst", tools=tools)
        path = f"/v1/conversations/{person.post('/v1/conversations', agent_id=agent['id'])['id']}/messages"
        for text, said in [
            ("What were the sales in May?", "I cannot query data: that needs a language model"),
            ("How many orders were there in May?", "I cannot query data: that needs a language model"),
            ("Wie hoch war der Umsatz im Mai?", "Daten kann ich nicht abfragen"),
        ]:
            assert person.post(path, content=text)["message"]["content"].startswith(said), text
        if "add_task" in tools:
            assert "Buy milk" in str(person.post(path, content="add buy milk")["tool_calls"]).replace(
                "buy", "Buy"
            )
        assert person.chat("What were the sales in May?")["message"]["content"].startswith(
            "I can only help with your tasks"
        )

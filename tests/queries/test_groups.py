# test_groups.py -- an agent that queries data among people: all see its answer, and who asked how it came about.
import json
from pathlib import Path

import pytest
from pydantic import Secret

from queries.databases import QueryDatabases
from support.api.accounts import make_people, make_team
from support.api.asking import add_hosted, open_group_with, read_messages, wait_for_status
from support.api.groups import say
from support.api.runs import followed
from support.api.user_streams import find_end
from support.llm.scripted_model import ScriptedModel, call
from support.queries.shops import open_sqlite_shop
from support.servers import Server

QUERY = "SELECT name AS customer FROM customers WHERE id = 1"
AUDIT = {"action", "query_attempts", "final_query", "resolution_note"}


@pytest.mark.also_on_mariadb
def test_the_others_see_neither_the_query_nor_the_rows(
    scripted: Server, model: ScriptedModel, tmp_path: Path
) -> None:
    team = make_team(make_people(scripted, "owner", "member", "other member"))
    entry = open_sqlite_shop(tmp_path / "shop.db").entry(accounts=[team.id])
    object.__setattr__(scripted.state.worker.context, "databases", QueryDatabases([entry]))
    scripted.settings.query_databases = Secret([entry])
    clerk = add_hosted(team, tools=["describe_data", "query_data"])
    member, owner = team.people["member"], team.people["owner"]
    group_id, after = open_group_with(team, clerk), find_end(owner)
    model.answers = [
        [call("query_data", {"database": "shop", "sql": QUERY, "note": "By its number."})],
        ["It is she."],
    ]
    say(member, group_id, "@Clerk who is the first customer?")
    [run] = wait_for_status(member, group_id, "completed")
    whole, cut = read_messages(member, group_id)[-1], read_messages(owner, group_id)[-1]
    assert whole["tool_calls"][0]["result"]["rows"] == [["Ann"]]
    assert whole["query_attempts"] == [{"query": QUERY}]
    assert whole.keys() >= AUDIT
    assert AUDIT.isdisjoint(cut)
    assert cut["content"] == "It is she."
    everything = [
        owner.get(f"/v1/conversations/{group_id}/messages", before="end"),
        owner.get("/v1/conversations"),
        owner.get("/v1/changes", after=after),
        [event.data for event in followed(owner, run["id"])],
    ]
    assert not any(word in json.dumps(everything) for word in ("Ann", "SELECT", "By its number"))

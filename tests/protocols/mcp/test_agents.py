# test_agents.py -- an agent's key over MCP: its calls are its own, and on record in its account.
import pytest

from support.api.accounts import make_people, make_team
from support.api.bots import add_bot
from support.clients.mcp_client import aside, connected
from support.servers import Server, ok

pytestmark = [pytest.mark.anyio, pytest.mark.engines("sqlite", "postgresql")]


@pytest.mark.also_on_mariadb
@pytest.mark.parametrize("era", ["2026-07-28"])
async def test_an_agent_calls_tools_under_its_own_name(server: Server, era: str) -> None:
    team = await aside(lambda: make_team(make_people(server, "owner")))
    bot = await aside(add_bot, server, team)
    owner = team.people["owner"]
    async with connected(server, bot.http.headers["Authorization"].removeprefix("Bearer "), era) as client:
        for title in ("Buy milk", "Call mom"):
            await client.call_tool("add_task", {"title": title})
    tasks = ok(await aside(bot.http.get, "/v1/tasks"))["data"]
    assert [task["title"] for task in tasks] == ["Call mom", "Buy milk"]
    assert (await aside(owner.get, "/v1/tasks"))["data"] == []
    [record] = ok(await aside(bot.http.get, "/v1/conversations"))["data"]
    assert (record["account_id"], record["agent_id"], record["title"]) == (team.id, bot.id, "key")
    said = ok(await aside(bot.http.get, f"/v1/conversations/{record['id']}/messages"))["data"]
    assert [message["role"] for message in said] == ["user", "agent"] * 2
    calls = ok(await aside(bot.http.get, "/v1/tool-calls"))["data"]
    assert [call["name"] for call in calls] == ["add_task", "add_task"]
    assert (await aside(owner.get, "/v1/tool-calls"))["data"] == []

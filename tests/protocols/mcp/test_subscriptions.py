# test_subscriptions.py -- a client is told what has changed, as far as its token reaches and as long as it counts.
from typing import Any

import anyio
import pytest
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import ResourcesListChanged, ResourceUpdated

from protocols.mcp.subscriptions import read_changes_of
from support.clients.mcp_client import ERAS, aside, connected, token_of
from support.servers import Person, Server

pytestmark = [pytest.mark.anyio]
TASKS = "parley://tasks"
ON_SQLITE = pytest.mark.engines("sqlite")


async def next_of(subscription: Any) -> Any:
    with anyio.fail_after(20):
        return await anext(subscription)


@pytest.mark.also_on_mariadb
@pytest.mark.busy
async def test_changes_are_told_and_those_of_others_are_not(server: Server, ann: Person, bob: Person) -> None:
    chat = await aside(ann.chat, "hello")
    mine = f"parley://conversations/{chat['conversation_id']}"
    theirs = f"parley://conversations/{(await aside(bob.chat, 'hello'))['conversation_id']}"
    async with connected(server, token_of(ann), ERAS[0]) as client:
        wanted = [TASKS, mine, theirs, "parley://nonsense"]
        async with client.listen(resource_subscriptions=wanted, resources_list_changed=True) as told:
            await aside(lambda: bob.post("/v1/tasks", title="Secret"))
            await aside(bob.chat, "hello")
            await aside(lambda: ann.post("/v1/tasks", title="Mine"))
            assert await next_of(told) == ResourceUpdated(TASKS)
            await aside(lambda: ann.chat("again", conversation_id=chat["conversation_id"]))
            assert await next_of(told) == ResourceUpdated(mine)
            await aside(lambda: ann.post("/v1/conversations", title="New"))
            while (change := await next_of(told)) == ResourceUpdated(mine):
                pass
            assert change == ResourcesListChanged()


@ON_SQLITE
async def test_a_token_hears_of_what_its_scopes_reach(server: Server, ann: Person) -> None:
    chat = await aside(ann.chat, "hello")
    mine = f"parley://conversations/{chat['conversation_id']}"
    async with (
        connected(server, token_of(ann, scopes=["tasks:read"]), ERAS[0]) as client,
        client.listen(resource_subscriptions=[mine, TASKS], resources_list_changed=True) as told,
    ):
        assert told.honored.resource_subscriptions == [TASKS]
        assert told.honored.resources_list_changed is None
        await aside(lambda: ann.chat("again", conversation_id=chat["conversation_id"]))
        await aside(lambda: ann.post("/v1/tasks", title="Mine"))
        assert await next_of(told) == ResourceUpdated(TASKS)


@ON_SQLITE
@pytest.mark.busy
async def test_a_revoked_token_hears_nothing_more(server: Server, ann: Person) -> None:
    async with (
        connected(server, token_of(ann), ERAS[0]) as client,
        client.listen(resource_subscriptions=[TASKS]) as told,
    ):
        [token] = await aside(lambda: ann.get("/v1/me/tokens")["data"])
        await aside(ann.delete, f"/v1/me/tokens/{token['id']}")
        with anyio.fail_after(20), pytest.raises(StopAsyncIteration):
            await anext(told)
    assert server.state.stream_slots._held.total() == 0


@ON_SQLITE
async def test_subscriptions_are_bounded(server: Server, ann: Person) -> None:
    async with connected(server, token_of(ann), ERAS[0]) as client:
        for uris in (["parley://tasks"] * 101, ["parley://" + "x" * 300]):
            with pytest.raises(MCPError, match="100 resources at most"):
                async with client.listen(resource_subscriptions=uris):
                    pass


def test_what_frames_mean_for_resources() -> None:
    frames = (
        b": ping\n\nid: 1\nevent: task.created\ndata: {}\n\n"
        b'id: 2\nevent: message.created\ndata: {"message":{"conversation_id":"c"}}\n\n'
        b'id: 3\nevent: conversation.deleted\ndata: {"conversation_id":"d"}\n\n'
        b"id: 4\nevent: reset\ndata: {}\n\n"
    )
    assert list(read_changes_of(frames, frozenset({"x"}))) == [
        ResourceUpdated(TASKS),
        ResourceUpdated("parley://conversations/c"),
        ResourcesListChanged(),
        ResourceUpdated("parley://conversations/d"),
        ResourcesListChanged(),
        ResourceUpdated("x"),
    ]

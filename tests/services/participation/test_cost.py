# test_cost.py -- what a message costs, however many take part and write: statements, rows, one order on two workers.
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx
import pytest
from sqlalchemy import ColumnElement, func, select
from sqlmodel import SQLModel, col

from db import Transaction
from models import ConversationParticipant, Event, Message, MessageDelivery
from support.api.accounts import Team, make_people, make_team
from support.api.crowds import add_members, open_clients
from support.api.groups import open_group, say
from support.databases.statement_counts import count_statements
from support.servers import Server, in_database, ok, serving, settings_for

WRITERS, EACH = 100, 3


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "member"))


def count_rows(server: Server, group_id: str) -> list[int]:
    """Of the group: what was said, who takes part, what was told to all of it, and what reached whom."""

    async def read(tx: Transaction) -> list[int]:
        id_ = UUID(group_id)
        tables: list[tuple[type[SQLModel], ColumnElement[bool]]] = [
            (Message, col(Message.conversation_id) == id_),
            (ConversationParticipant, col(ConversationParticipant.conversation_id) == id_),
            (Event, col(Event.audience_id) == id_),
            (MessageDelivery, col(MessageDelivery.conversation_id) == id_),
        ]
        return [
            (await tx.execute(select(func.count()).select_from(table).where(mine))).scalar_one()
            for table, mine in tables
        ]

    return in_database(server, read)


@pytest.mark.parametrize("content", ["Hello", "Hello @The owner"])
def test_a_message_to_a_thousand_costs_the_statements_and_rows_of_one_to_two(
    own_database_url: str, content: str
) -> None:
    with serving(settings_for(own_database_url)) as server:
        compare_costs(server, make_team(make_people(server, "owner", "member")), content)


def compare_costs(server: Server, team: Team, content: str) -> None:
    member = team.people["member"]
    small = open_group(team, "owner")
    large = member.post(
        "/v1/conversations",
        kind="group",
        title="All",
        account_id=team.id,
        participant_ids=[str(team.people["owner"].id), *map(str, add_members(server, team.id, 998))],
    )["id"]
    costs = []
    for group_id in (small, large):
        say(member, group_id, "The first one")  # from here on the worker knows the group
        before = count_rows(server, group_id)
        with count_statements(server) as statements:
            say(member, group_id, content)
        rows = [now - then for now, then in zip(count_rows(server, group_id), before, strict=True)]
        # Besides, the log is numbered.
        costs.append(
            ([each for each in statements if "conversation" in each or "INSERT INTO events" in each], rows)
        )
    assert costs[0][0]
    assert costs[0] == costs[1]
    assert costs[1][1] == [1, 0, 1, 0]


@pytest.mark.busy
def test_a_hundred_who_write_on_two_workers_are_read_in_one_order(server: Server, team: Team) -> None:
    tokens = add_members(server, team.id, WRITERS)
    group_id = team.people["owner"].post(
        "/v1/conversations",
        kind="group",
        title="All",
        account_id=team.id,
        participant_ids=[str(user_id) for user_id in tokens],
    )["id"]
    path = f"/v1/conversations/{group_id}/messages"
    with serving(server.settings) as other:
        clients = open_clients([server, other], tokens)

        def write(number: int) -> list[str]:
            said = [
                clients[number].post(path, json={"content": f"{number}, {part}", "client_id": f"{part}"})
                for part in range(EACH)
            ]
            return [ok(answer)["id"] for answer in said]

        with ThreadPoolExecutor(20) as pool:
            written = list(pool.map(write, range(WRITERS)))
        orders = [read_ids(client, path) for client in (clients[0], clients[1], clients[-1])]
    assert orders[0] == orders[1] == orders[2]
    places = {message_id: place for place, message_id in enumerate(orders[0])}
    assert len(places) == WRITERS * EACH
    assert all(places[ids[0]] < places[ids[1]] < places[ids[2]] for ids in written)


def read_ids(client: httpx.Client, path: str) -> list[str]:
    ids: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": 200} | ({"cursor": cursor} if cursor else {})
        page = ok(client.get(path, params=query))
        ids += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
    return ids

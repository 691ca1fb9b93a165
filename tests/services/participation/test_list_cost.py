# test_list_cost.py -- what the list of all conversations costs, however many one has, by what PostgreSQL reads for it.
import pytest

from access import Caller
from db import Database
from pagination import Page
from services.participation import kinds
from services.participation.kinds import LOOKED_AT, ConversationFilter
from support.api.accounts import make_people, make_team
from support.api.crowds import add_members
from support.databases.busy_lives import add_chats, add_groups
from support.databases.query_plans import Cost, measure
from support.databases.statements import list_statements
from support.servers import Person, Server, serving, settings_for, with_database

LIMIT = 20
# Of two indexes, three pages of each at most.
LOOK_UP_PAGES = 6


@pytest.mark.slow
@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_the_list_of_somebody_with_thousands_of_conversations_costs_that_of_somebody_with_twenty(
    own_database_url: str,
) -> None:
    with serving(settings_for(own_database_url)) as server:
        people = []
        for chats, groups in ((20, 2), (20_000, 1_000)):
            team = make_team(make_people(server, "owner", "member"))
            member, owner = team.people["member"], team.people["owner"]
            add_chats(server, member, chats)
            add_groups(server, member, team.id, groups, [owner.id, *add_members(server, team.id, 20)])
            people.append(member)
        light, heavy = with_database(own_database_url, lambda db: measure_lists(db, people))
        # Whoever takes part in many has a look-up or two for each row of a page, and no more.
        assert heavy.pages <= light.pages + LOOK_UP_PAGES * (LIMIT + 1)
        assert heavy.sorted_rows <= 3 * LIMIT


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_pages_are_in_order_whether_others_of_the_account_talk_more_or_less(server: Server) -> None:
    """Those with an agent aside, the list of all is that of the groups, which is read in another way."""
    team = make_team(make_people(server, "owner", "admin", "member", "other member", "other owner"))
    member, makers = team.people["member"], ("owner", "admin", "other owner")
    recent, foreign, old = ([team.people[who].id] for who in makers)
    add_groups(server, member, team.id, 40, recent)
    add_groups(server, team.people["other member"], team.id, LOOKED_AT + 100, foreign)
    add_groups(server, member, team.id, 40, old, days_ago=100)
    chats = [member.post("/v1/conversations", title="Alone")["id"]]
    assert read_ids(member) == chats + read_ids(member, kind="group")
    assert len(read_ids(member)) == 81


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_who_talks_with_nobody_pays_for_no_list_of_people(server: Server) -> None:
    team = make_team(make_people(server, "owner", "member"))
    alone, taking_part = server.person(), team.people["member"]
    for person in (alone, taking_part):
        person.post("/v1/conversations", title="With the agent")
    add_groups(server, taking_part, team.id, 1, [team.people["owner"].id])
    (own,) = list_statements(server, lambda db: read_list(db, alone))
    assert "UNION" not in own
    first, *rest = list_statements(server, lambda db: read_list(db, taking_part))
    assert first == own and rest


def read_ids(person: Person, **filters: str) -> list[str]:
    ids: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = person.get("/v1/conversations", limit=15, **cursor, **filters)
        ids += [row["id"] for row in page["data"]]
        if page["next_cursor"] is None:
            return ids
        cursor = {"cursor": page["next_cursor"]}


async def measure_lists(db: Database, people: list[Person]) -> list[Cost]:
    await db._execute_sql("VACUUM ANALYZE")
    return [await measure_list(db, Caller(person.id, None)) for person in people]


async def measure_list(db: Database, caller: Caller) -> Cost:
    return await measure(db, lambda: kinds.list_conversations(db, caller, Page(LIMIT), ConversationFilter()))


async def read_list(db: Database, person: Person) -> bytes:
    return await kinds.list_conversations(db, Caller(person.id, None), Page(LIMIT), ConversationFilter())

# test_catching_up.py -- what the first page costs a client that was away for long, by what the database reads for it.
import pytest

from access import Caller
from db import Database
from streaming.user_stream import read_changes
from support.api.accounts import make_people, make_team
from support.api.user_streams import find_end
from support.databases.busy_lives import add_events, add_groups
from support.databases.query_plans import Cost, measure
from support.servers import Person, serving, settings_for, with_database

# With more events behind, the first page would read no more of each of the conversations.
GROUPS, EVENTS = 1_000, 100_000


@pytest.mark.slow
@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_the_first_page_after_100000_events_costs_less_than_ten_times_a_fresh_one(
    own_database_url: str,
) -> None:
    with serving(settings_for(own_database_url)) as server:
        team = make_team(make_people(server, "owner", "member"))
        member = team.people["member"]
        add_groups(server, member, team.id, GROUPS, [team.people["owner"].id])
        after = find_end(member)
        add_events(server, member, EVENTS)
        end = find_end(member)
        assert end - after == EVENTS

        async def compare(db: Database) -> tuple[Cost, Cost]:
            await db._execute_sql("ANALYZE")
            costs = [await measure_page(db, member, position) for position in (end - 10, after)]
            return costs[0], costs[1]

        fresh, behind = with_database(own_database_url, compare)
        assert behind.pages < 10 * fresh.pages
        # No more of all that has come is put in order than the page may be looked for in.
        assert behind.sorted_rows <= 2_000
        assert len(member.get("/v1/changes", after=after)["data"]) == 100
        assert len(member.get("/v1/changes", after=end - 10)["data"]) in (9, 10)


async def measure_page(db: Database, person: Person, after: int) -> Cost:
    return await measure(db, lambda: read_changes(db, Caller(person.id, None), after))

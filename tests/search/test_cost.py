# test_cost.py -- what a search reads: of what a person may see, and no more the more others have said.
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from db import Database, Transaction
from search.message_hits import NEWEST, bind_terms
from search.message_statements import look_at_newest, look_up_words
from search.search_terms import list_words, parse_terms
from support.api.accounts import make_people, make_team
from support.api.groups import open_group, say
from support.databases.query_plans import count_pages_read, count_rows_read, explain
from support.servers import Person, Server, in_database, with_database

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
# Rows without those that they hang on: a replica's session runs no triggers and looks at no keys.
BY_HAND = "SET LOCAL session_replication_role = replica"
OTHERS = """
INSERT INTO search_entries (message_id, audience_id, conversation_id, seq, created_at, content)
SELECT gen_random_uuid(), md5('place' || n % 500)::uuid, md5('place' || n % 500)::uuid, n,
    now() - n * interval '1 second', 'a needle in hay ' || n
FROM generate_series({first}, {last}) AS n
"""
PLACES = """
INSERT INTO conversation_participants (conversation_id, user_id, account_id)
SELECT md5('own' || n)::uuid, '{person}', '{person}' FROM generate_series(1, 1000) AS n
"""
# Of each place but one so many entries, all older than the many of that one.
SAID_IN_PLACES = """
INSERT INTO search_entries (message_id, audience_id, conversation_id, seq, created_at, content)
SELECT gen_random_uuid(), md5('own' || place)::uuid, md5('own' || place)::uuid, n,
    now() - n * interval '1 minute' - place * interval '1 day', 'hay ' || n
FROM generate_series({first}, {last}) AS place, generate_series(1, CASE place WHEN 1 THEN 5000 ELSE 30 END) AS n
"""


def run_by_hand(server: Server, *statements: str) -> None:
    async def work(tx: Transaction) -> None:
        for statement in (BY_HAND, *statements):
            await tx.execute(text(statement))

    async def tidy(db: Database) -> None:
        """As PostgreSQL itself does from time to time, but not in tests."""
        for table in ("search_entries", "conversation_participants"):
            await db._execute_sql(f"VACUUM (ANALYZE) {table}")

    in_database(server, work)
    with_database(server.settings.database_url.get_secret_value(), tidy)


def measure(server: Server, person: Person, q: str) -> list[tuple[int, int]]:
    """The entries and the pages that each of the two looks reads."""
    query = parse_terms(q)
    values = {"caller_user_id": person.id, "hit_limit": 21, **bind_terms(query)}
    looks = [look_at_newest(NEWEST, "postgresql", len(query.terms), False, False)]
    looks.append(look_up_words(len(query.terms), False, False))

    async def look(db: Database) -> list[tuple[int, int]]:
        found = []
        for statement in looks:
            wanted = {**values, "words": list_words(query.terms)} if statement is looks[1] else values
            plan = await explain(db, statement, wanted)
            found.append((count_rows_read(plan, "search_entries"), count_pages_read(plan)))
        return found

    return with_database(server.settings.database_url.get_secret_value(), look)


def test_a_search_reads_the_same_however_much_others_have_said(server: Server) -> None:
    team = make_team(make_people(server, "owner", "member"))
    member = team.people["member"]
    for number in range(5):
        group_id = open_group(team, "owner", title=f"Group {number}")
        say(member, group_id, f"my needle {number}")
        say(member, group_id, "hay")
    run_by_hand(server, OTHERS.format(first=1, last=3_000))
    few = measure(server, member, "needle")
    run_by_hand(server, *(OTHERS.format(first=n + 1, last=n + 3_000) for n in range(3_000, 30_000, 3_000)))
    many = measure(server, member, "needle")
    assert [rows for rows, _ in many] == [rows for rows, _ in few]
    assert few[0][0] <= 5 * 2 * 3 + 10
    assert few[1][0] == 5
    # An index that is ten times as large may be a level deeper.
    assert all(now <= then * 1.5 for (_, now), (_, then) in zip(many, few, strict=True)), (few, many)


def test_somebody_in_a_thousand_groups_has_the_newest_of_each_read_alone(server: Server, ann: Person) -> None:
    said = [SAID_IN_PLACES.format(first=n + 1, last=n + 100) for n in range(0, 1000, 100)]
    run_by_hand(server, PLACES.format(person=ann.id), *said)
    (newest, _), (indexed, pages) = measure(server, ann, "hay 29")
    # Of 35,000 entries: 20 of each place, then those that may be among the newest, and these once more by their keys.
    assert newest <= 1000 * 20 + 4 * NEWEST < 1000 * 30
    assert indexed <= 2 * 1001
    assert pages <= 40 * 1001


def test_what_is_older_than_the_newest_is_found_by_the_beginnings_of_its_words(server: Server) -> None:
    person = server.person()
    own_id, ids = person.id, [uuid4() for _ in range(3)]
    texts = ["ancient: Gugelhupf, with raisins", "an ancient gugelhupfs_mold", "ancient Napfkuchen"]
    conversation_id = UUID(person.chat("hello")["conversation_id"])
    store_old(server, own_id, conversation_id, ids, texts)
    run_by_hand(
        server,
        "INSERT INTO search_entries (message_id, audience_id, conversation_id, seq, created_at, content) "
        f"SELECT gen_random_uuid(), '{own_id}', '{conversation_id}', 10 + n, now(), 'hay' "
        "FROM generate_series(1, 2000) AS n",
    )

    def found(q: str) -> list[str]:
        return [hit["message_id"] for hit in person.get("/v1/search", q=q)["data"]]

    first, second, third = map(str, ids)
    assert found("gugelh") == [first, second]
    assert found('"gugelhupf, with" ANCIENT') == [first]
    assert found("mold raisins") == []
    assert found("napfkuchen") == [third]
    assert found("kuchen") == []  # not the beginning of a word
    assert found("an") == []  # short


STORED = """
INSERT INTO messages (id, conversation_id, user_id, role, content, seq, created_at)
VALUES (:id, :conversation_id, :user_id, 'user', :content, :seq, :created_at)
"""


def store_old(
    server: Server, user_id: UUID, conversation_id: UUID, ids: Sequence[UUID], texts: Sequence[str]
) -> None:
    """Messages of long ago, each newer than the one after it."""

    async def work(tx: Transaction) -> None:
        for number, (message_id, content) in enumerate(zip(ids, texts, strict=True)):
            row = {
                "id": message_id,
                "conversation_id": conversation_id,
                "user_id": user_id,
                "content": content,
            }
            created_at = datetime(2020, 1, 1, 0, 0, 59 - number, tzinfo=UTC)
            await tx.execute(text(STORED), {**row, "seq": 10_000 + number, "created_at": created_at})

    in_database(server, work)

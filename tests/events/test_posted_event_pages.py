# test_posted_event_pages.py -- what a page of posted events costs: few records among very many changes.
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, text

from clock import utc_now
from db import Database, Transaction
from events import inboxes, posted
from models import Event
from pagination import build_page_statement
from support.databases.query_plans import count_rows_read, explain
from support.databases.statement_counts import count_statements
from support.servers import Person, Server, in_database, with_database

CHANGES, RECORDS, LIMIT = 5_000, 60, 21


def fill(server: Server, person: Person) -> None:
    """Few records of one's own among very many changes, and many records of others."""
    rows = {"type": "x", "payload": {}, "audience_id": person.id}

    async def add(tx: Transaction) -> None:
        changes = [{**rows, "expires_at": utc_now()} for _ in range(CHANGES)]
        await tx.execute(insert(Event), changes)
        record = {**rows, "sender_id": person.id, "account_id": person.id}
        own = [{**record, "recipient_id": person.id} for _ in range(RECORDS // 2)]
        everyones = [{**record, "audience": "account"} for _ in range(RECORDS // 2)]
        await tx.execute(insert(Event), own)
        await tx.execute(insert(Event), everyones)
        others = [{**record, "audience_id": uuid4()} for _ in range(CHANGES)]
        await tx.execute(insert(Event), others)
        await tx.execute(insert(Event), changes)

    in_database(server, add)


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_page_reads_the_records_that_it_shows_and_no_changes(server: Server, ann: Person) -> None:
    fill(server, ann)

    async def look(db: Database) -> None:
        await db._execute_sql("ANALYZE events")
        for source, unread, after in product(("own", "all"), (None, True), (False, True)):
            listing = inboxes.select_listed(source, 0, (), unread, after, "postgresql")
            page = build_page_statement(posted.POSTED_EVENTS, listing, after, "postgresql")
            values = {"caller_user_id": ann.id, "page_limit": LIMIT, "after_id": 10**12}
            values["recipient_id"] = ann.id
            plan = await explain(db, page, values)
            # Of several audiences first the ids of the newest ones of each.
            expected = LIMIT if source == "own" else 3 * LIMIT
            assert count_rows_read(plan, "events") == expected, (source, unread, after)

    with_database(server.settings.database_url.get_secret_value(), look)
    assert len(ann.get("/v1/events", limit=200)["data"]) == RECORDS


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_page_of_all_that_was_posted_is_one_statement_in_however_many_accounts(
    server: Server, ann: Person
) -> None:
    teams = [ann.post("/v1/accounts", name=f"Team {number}")["id"] for number in range(3)]
    for account_id in teams:
        ann.post("/v1/events", type="deploy.finished", payload={}, account_id=account_id)
    ann.get("/v1/events")  # from here on the statement is built
    with count_statements(server) as statements:
        seen = ann.get("/v1/events", limit=2)
        more = ann.get("/v1/events", limit=2, cursor=seen["next_cursor"])
    assert [row["account_id"] for row in seen["data"] + more["data"]] == teams[::-1]
    assert len(statements) == 2


@pytest.mark.parametrize("engine_name", ["sqlite", "mariadb"], indirect=True)
@pytest.mark.busy
def test_a_page_is_read_from_the_index_of_records_without_sorting(
    server: Server, ann: Person, engine_name: str
) -> None:
    fill(server, ann)

    async def look(tx: Transaction) -> list[str]:
        await tx.execute(text("ANALYZE events" if engine_name == "sqlite" else "ANALYZE TABLE events"))
        plans = []
        for unread, after in product((None, True), (False, True)):
            listing = inboxes.select_listed("own", 0, (), unread, after, engine_name)
            page = build_page_statement(posted.POSTED_EVENTS, listing, after, engine_name)
            values: dict[str, Any] = {"caller_user_id": ann.id, "page_limit": LIMIT, "after_id": 10**12}
            values["recipient_id"] = ann.id
            known = {name: values[name] for name in page.compile().params if name in values}
            sql = page.params(known).compile(
                dialect=tx.get_bind().dialect, compile_kwargs={"literal_binds": True}
            )
            explained = "EXPLAIN QUERY PLAN" if engine_name == "sqlite" else "EXPLAIN"
            plans.append(str((await tx.execute(text(f"{explained} {sql}".replace(":", r"\:")))).all()))
        return plans

    for plan in in_database(server, look):
        assert "idx_events_audience_audience_id_expires_at" in plan
        assert "TEMP B-TREE" not in plan
        assert "filesort" not in plan
    assert len(ann.get("/v1/events", limit=200)["data"]) == RECORDS

# support/databases/busy_lives.py -- people with very many conversations and events, made past the API.
from uuid import UUID, uuid4

from sqlalchemy import text

from db import Database, Transaction
from storage.timeouts import UNHURRIED
from support.servers import Person, Server, in_database, with_database

AT_ONCE = 25_000


def add_groups(
    server: Server, person: Person, account_id: str, count: int, others: list[UUID], *, days_ago: int = 0
) -> None:
    """So many groups of the person and these others, one after the other, each with a message of the first of the
    others, who has made no group before.
    """
    values = {"account": UUID(account_id), "person": person.id, "maker": others[0]}
    values |= {"count": count, "days_ago": days_ago}

    async def work(tx: Transaction) -> None:
        await tx.execute(
            text(
                "INSERT INTO conversations (id, user_id, account_id, kind, title, last_seq, updated_at) "
                "SELECT gen_random_uuid(), :maker, :account, 'group', 'Group ' || n, 1, "
                "now() - n * interval '50 minutes' - :days_ago * interval '1 day' FROM generate_series(1, :count) AS n"
            ),
            values,
        )
        for user_id in (person.id, *others):
            await tx.execute(
                text(
                    "INSERT INTO conversation_participants (conversation_id, user_id, account_id) "
                    "SELECT id, :user_id, account_id FROM conversations WHERE account_id = :account "
                    "AND kind = 'group' AND user_id = :maker ON CONFLICT DO NOTHING"
                ),
                {**values, "user_id": user_id},
            )
        await tx.execute(
            text(
                "INSERT INTO messages (id, conversation_id, user_id, role, content, seq) "
                "SELECT gen_random_uuid(), id, user_id, 'user', 'Hello', 1 FROM conversations "
                "WHERE account_id = :account AND kind = 'group' AND user_id = :maker"
            ),
            values,
        )

    in_database(server, work)


def add_chats(server: Server, person: Person, count: int) -> None:
    """So many conversations of the person with the built-in agent, one after the other."""

    async def work(tx: Transaction) -> None:
        await tx.execute(
            text(
                "INSERT INTO conversations (id, user_id, account_id, title, updated_at) "
                "SELECT gen_random_uuid(), :person, :person, 'Chat ' || n, now() - n * interval '5 minutes' "
                "FROM generate_series(1, :count) AS n"
            ),
            {"person": person.id, "count": count},
        )

    in_database(server, work)


def add_events(server: Server, person: Person, count: int) -> None:
    """So many events, all numbered: ten in the person's conversations by turns, and one of somebody else."""
    values = {"person": person.id, "stranger": uuid4()}

    async def work(tx: Transaction, first: int) -> None:
        # A replica's session runs no triggers, of which each row would have one for its key.
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        await tx.execute(
            text(
                "WITH mine AS ("
                "  SELECT array_agg(conversation_id) AS ids FROM conversation_participants"
                "  WHERE user_id = :person"
                "), added AS ("
                "  INSERT INTO events (audience, audience_id, type, payload, created_at, expires_at)"
                "  SELECT CASE n % 11 WHEN 0 THEN 'user' ELSE 'conversation' END,"
                "    CASE n % 11 WHEN 0 THEN :stranger ELSE ids[1 + n % cardinality(ids)] END,"
                "    'conversation.updated', '{}', now(), now() + interval '7 days'"
                "  FROM mine, generate_series(1, :count) AS n"
                "  RETURNING id, audience, audience_id"
                "), numbered AS ("
                "  INSERT INTO event_log (seq, event_id, audience, audience_id)"
                "  SELECT coalesce((SELECT last_seq FROM event_counter), 0) + row_number() OVER (ORDER BY id),"
                "    id, audience, audience_id FROM added"
                "  RETURNING seq, event_id"
                ") UPDATE event_counter SET last_seq = (SELECT max(seq) FROM numbered), missing = NULL,"
                "  floor_id = (SELECT max(event_id) FROM numbered)"
            ),
            {**values, "count": min(AT_ONCE, count - first)},
        )

    url = server.settings.database_url.get_secret_value()

    async def add_all(db: Database) -> None:
        for first in range(0, count, AT_ONCE):
            await db.write(work, first)

    with_database(url, add_all, limits=UNHURRIED)

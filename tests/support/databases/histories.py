# support/databases/histories.py -- conversations as long as years of use make them.
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import insert

from clock import utc_now
from models import Conversation, Message
from support.databases.unchecked import open_unchecked

TITLE = "A long story"
ANSWER = "Noted **thought {n}**:\n\n- one\n- two\n\n`code {n}` stands here.\n"
# The database ends a statement that takes as long as one of 100,000 messages may.
ROWS_PER_STATEMENT = 5_000


async def write_long_conversation(url: str, user_id: UUID, messages: int) -> UUID:
    """A conversation of so many messages, question and answer in turns, straight into the tables; returns its id."""
    db, conversation_id, end = open_unchecked(url), uuid4(), utc_now()
    rows = [
        {
            "id": uuid4(),
            "conversation_id": conversation_id,
            "user_id": user_id,
            "role": "user" if n % 2 else "agent",
            "content": f"Thought {n}" if n % 2 else ANSWER.format(n=n),
            "created_at": end - timedelta(minutes=messages - n),
            "seq": n,
        }
        for n in range(1, messages + 1)
    ]
    try:
        async with db.transaction() as tx:
            times = {"created_at": rows[0]["created_at"], "updated_at": end}
            owner = {"user_id": user_id, "account_id": user_id}
            conversation = {"id": conversation_id, **owner, "title": TITLE, **times}
            await tx.execute(insert(Conversation), [conversation])
            for start in range(0, messages, ROWS_PER_STATEMENT):
                await tx.execute(insert(Message), rows[start : start + ROWS_PER_STATEMENT])
    finally:
        await db.close()
    return conversation_id

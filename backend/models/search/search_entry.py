# models/search/search_entry.py -- what a message is searched by: its present text, and for whom it is.
from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Integer, Uuid, text
from sqlalchemy import Text as TextType
from sqlmodel import SQLModel

from models.columns import UTCDateTime, column, parent_column

# A word begins after a space, and after one of these, a tab or the end of a line.
PUNCTUATION = """!"#$%&'()*+,-./:;<=>?@[\\]^_`{}~"""
# With the parentheses that PostgreSQL itself writes, as below: Alembic compares the texts of an index.
NOT_OF_WORDS = "(('" + PUNCTUATION.replace("'", "''") + "' || chr(9)) || chr(10)) || chr(13)"


def mark_audience(audience_id: str) -> str:
    """PostgreSQL's SQL of what the words of an audience begin with in the index."""
    return f"('x' || left({audience_id}::text, 8))"


def list_words(audience_id: str, content: str) -> str:
    """PostgreSQL's SQL of the words in a text, each behind the mark of its audience.

    So those of others are elsewhere in the index. Two audiences may have one mark: whose an entry is, the rule says.
    """
    spaced = f"translate({content}, {NOT_OF_WORDS}, repeat(' ', {len(PUNCTUATION) + 3}))"
    return f"to_tsvector('simple', replace(' ' || {spaced}, ' ', ' ' || {mark_audience(audience_id)}))"


class SearchEntry(SQLModel, table=True):
    """The text of a message as it is after its edits, cut at 50,000 characters. A retracted or empty message has none.

    `audience_id` is the person whose conversation with an agent it is in, or else the conversation of people: an index
    that begins with it has what one reader may see apart from all that others have said. Triggers write it.
    The other columns are the message's, which never change; only `message_id` is a foreign key.
    """

    __tablename__ = "search_entries"
    __table_args__ = (
        Index("idx_search_entries_audience_id_created_at", "audience_id", "created_at", "message_id", "seq"),
        Index(
            "idx_search_entries_words",
            text(list_words("audience_id", "content")),
            postgresql_using="gin",
            # Every search of every place would read a list of what is not in the index yet.
            postgresql_with={"fastupdate": "off"},
        ).ddl_if(dialect="postgresql"),
    )

    message_id: UUID = parent_column("message_id", "messages.id", "fk_search_entries_message_id", key=True)
    audience_id: UUID = column("audience_id", Uuid)
    conversation_id: UUID = column("conversation_id", Uuid)
    seq: int = column("seq", Integer)
    created_at: datetime = column("created_at", UTCDateTime)
    content: str = column("content", TextType)

# models/undo/import_row.py -- what an import has made, row by row, so that it can be taken back.
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import Boolean, Column, Index, Uuid
from sqlmodel import Field, SQLModel

from models.columns import JsonType, column, json_column, parent_column, time_column, word_check, word_column
from models.shapes import JsonObject

ImportNoun = Literal["task", "conversation"]
IMPORT_NOUNS: tuple[ImportNoun, ...] = get_args(ImportNoun)
ImportKind = Literal["made", "extended"]
IMPORT_KINDS: tuple[ImportKind, ...] = get_args(ImportKind)


class ImportRow(SQLModel, table=True):
    """A task or a conversation of an import, which stands as one step in `undo_steps`.

    `state_after` is what has to stand in the row for it to be taken away again. `state_before` is what a task was that
    was taken away (`is_taken`). Of kind `extended` is a conversation to which messages were added: they stay.
    """

    __tablename__ = "import_rows"
    __table_args__ = (
        word_check("noun", IMPORT_NOUNS, "import_rows_noun_check"),
        word_check("kind", IMPORT_KINDS, "import_rows_kind_check"),
        Index("idx_import_rows_user_id", "user_id"),
        Index("idx_import_rows_changed_at", "changed_at"),
    )

    import_id: UUID = column("import_id", Uuid, key=True)
    row_id: UUID = column("row_id", Uuid, key=True)
    user_id: UUID = parent_column("user_id", "users.id", "fk_import_rows_user_id")
    noun: ImportNoun = word_column("noun", 12, IMPORT_NOUNS)
    kind: ImportKind = word_column("kind", 10, IMPORT_KINDS)
    state_after: JsonObject = json_column("state_after")
    state_before: JsonObject | None = Field(default=None, sa_column=Column("state_before", JsonType))
    is_taken: bool = column("is_taken", Boolean, default=False)
    changed_at: datetime = time_column("changed_at")

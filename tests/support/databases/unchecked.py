# support/databases/unchecked.py -- a database without the second lock, for tests that look at everything or plant rows.
from typing import Any

from sqlalchemy.orm import Session

from db import Database
from storage.engines import open_engine


def open_unchecked(url: str, **options: Any) -> Database:
    return uncheck(Database(open_engine(url, **options)))


def uncheck(db: Database) -> Database:
    """Take the second lock out, as if nobody had built it; the first one stays."""
    db.session_class = Session
    for engine in (db.engine, db.readers, db.unhurried):
        vars(engine.dialect).pop("statement_compiler", None)
    return db

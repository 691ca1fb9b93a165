# storage/sql_text.py -- SQL written by hand, which says of itself which tables it names and by which rules.
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SqlText:
    """A statement in the own SQL of one kind of database.

    `rules` has each table that it reads or writes, and for each time it does, the part of the SQL that limits the rows
    to those of whom it is made for. A test reads both.
    """

    sql: str
    rules: Mapping[str, tuple[str, ...]]

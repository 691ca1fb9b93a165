# support/databases/shared_sql.py -- the apps of a test process share the SQL that is made of statements.
"""SQLAlchemy makes SQL of a statement once for each engine. A process of Parley has two engines, a process of tests has
those of some hundred apps, one after the other: a third of what the first requests of an app cost was to make the same
SQL again. What the SQL depends on is part of the key, also whether the second lock has looked at the statement.
"""

from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

SHARED: LRUCache[object, object] = LRUCache(2000)


def find_identity(dialect: DefaultDialect) -> tuple[object, ...]:
    version = getattr(dialect, "server_version_info", None)
    return type(dialect), dialect.statement_compiler, version, getattr(dialect, "is_mariadb", None)


def is_same(dialect: DefaultDialect, other: object) -> bool:
    return isinstance(other, DefaultDialect) and find_identity(dialect) == find_identity(other)


def share_sql() -> None:
    DefaultDialect.__eq__ = is_same  # type: ignore[assignment]
    DefaultDialect.__hash__ = lambda dialect: hash(find_identity(dialect))  # type: ignore[method-assign]
    Engine._compiled_cache = property(lambda engine: SHARED, lambda engine, own: None)  # type: ignore[assignment]

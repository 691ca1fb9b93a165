# db.py -- engines, transaction() (the only commit), and lists as JSON.
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Integer, Result, Select, Text, cast, event, func, literal, tuple_
from sqlalchemy import select as sql_select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from errors import Invalid, Unauthorized
from models.columns import UTCDateTime, now, rfc3339
from settings import SettingsError

P = ParamSpec("P")
T = TypeVar("T")
Transaction = AsyncSession

BUSY_SECONDS = 10
# PostgreSQL: deadlock_detected, serialization_failure. The same request may well succeed at once.
RETRYABLE = {"40P01", "40001"}
ATTEMPTS = 3


def engine_url(url: str) -> tuple[URL, dict[str, Any]]:
    """The URL with our driver in it, and the driver's own arguments.

    Providers append libpq's parameters (`sslmode`, `channel_binding`); asyncpg takes `ssl` and knows the rest itself.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError(
            "DATABASE_URL is not a database URL, such as postgresql://user:password@host/name."
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return parsed.set(drivername="sqlite+aiosqlite"), {"timeout": BUSY_SECONDS}
    if backend not in ("postgresql", "postgres"):
        raise SettingsError(f"DATABASE_URL: {backend} is not supported; use sqlite:/// or postgresql://")
    query = dict(parsed.query)
    query.pop("channel_binding", None)
    ssl = query.pop("sslmode", None)
    arguments: dict[str, Any] = {"ssl": ssl} if isinstance(ssl, str) else {}
    return parsed.set(drivername="postgresql+asyncpg", query=query), arguments


def open_engine(url: str, *, pool_size: int = 10) -> AsyncEngine:
    parsed, arguments = engine_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(parsed, connect_args=arguments, hide_parameters=True)
        event.listen(engine.sync_engine, "connect", prepare_sqlite)
        event.listen(engine.sync_engine, "begin", begin_sqlite)
        return engine
    return create_async_engine(
        parsed,
        connect_args=arguments,
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=False,
        pool_recycle=1800,
        hide_parameters=True,  # error messages end up in logs, and parameters are hashes and people's words
    )


def prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    # SQLite's own knows ASCII only: "ä" would not find "Äpfel", as PostgreSQL does.
    connection.create_function("lower", 1, lower, deterministic=True)
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # acknowledged means stored, also when the machine loses power
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def begin_sqlite(connection: Any) -> None:
    """A writer takes the lock before it reads: otherwise two writers read the same row and one update is lost."""
    reader = connection.get_execution_options().get("reader", False)
    connection.exec_driver_sql("BEGIN" if reader else "BEGIN IMMEDIATE")


@contextmanager
def in_words() -> Iterator[None]:
    """A database that cannot be reached, as one line for the operator."""
    try:
        yield
    except (OSError, DBAPIError) as error:
        reason = str(error.orig if isinstance(error, DBAPIError) else error).splitlines()[0]
        raise SettingsError(f"the database does not answer: {reason}") from error


class Again(Exception):
    """Another transaction was faster in a way that running this one anew will settle."""


def is_retryable(error: BaseException) -> bool:
    """Whether the database gave up a transaction that may succeed when it is run again."""
    if isinstance(error, DBAPIError):
        return getattr(error.orig, "sqlstate", None) in RETRYABLE
    return isinstance(error, Again)


def is_orphan(error: BaseException) -> bool:
    """Whether a row was to be added to another that is gone. Of what callers write below, only the user is unlocked."""
    if not isinstance(error, IntegrityError):
        return False
    return getattr(error.orig, "sqlstate", None) == "23503" or "FOREIGN KEY" in str(error.orig)


class Database:
    """One engine, with a way in for writers and one for readers.

    `write` and `read` call `work(tx, *args)`; a service's verbs have just that form.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.is_postgresql = engine.dialect.name == "postgresql"
        # A single statement needs no transaction of its own on PostgreSQL: that saves two round trips.
        self._readers = engine.execution_options(
            **({"isolation_level": "AUTOCOMMIT"} if self.is_postgresql else {"reader": True})
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Commits at the end of the block, rolls back if it raises. Nothing else commits."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    async def write(
        self, work: Callable[Concatenate[Transaction, P], Awaitable[T]], *args: P.args, **kw: P.kwargs
    ) -> T:
        """`work` in a transaction, committed when this returns; run anew, up to three times, after a deadlock."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self.transaction() as tx:
                    return await work(tx, *args, **kw)
            except Exception as error:
                if is_orphan(error):
                    raise Unauthorized from error  # the caller's account was deleted a moment ago
                if attempt == ATTEMPTS or not is_retryable(error):
                    raise
        raise AssertionError("unreachable")

    async def read(
        self, work: Callable[Concatenate[Transaction, P], Awaitable[T]], *args: P.args, **kw: P.kwargs
    ) -> T:
        """`work` where it only reads; on PostgreSQL each of its statements sees its own snapshot."""
        async with AsyncSession(self._readers, expire_on_commit=False) as session:
            return await work(session, *args, **kw)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A reading connection without a session around it, for the hot path."""
        async with self._readers.connect() as connection:
            yield connection

    async def clock(self, tx: Transaction) -> datetime:
        """The database's time, on which all workers agree; SQLite's workers share the machine's."""
        if not self.is_postgresql:
            return now()
        moment: datetime = (await tx.execute(sql_select(func.clock_timestamp()))).scalar_one()
        return moment

    async def close(self) -> None:
        await self.engine.dispose()


@dataclass(frozen=True, slots=True)
class Page:
    """What a client asks of a list: how many items, and after or before which one."""

    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """How a list is paged and shown. `keys` order it without ties; `name` keeps cursors of other lists out.

    `fields` is the item as PostgreSQL builds it, `public` the item as Python does: equal as JSON.
    `backwards` pages from the end but shows each page in reading order.
    """

    name: str
    keys: tuple[Any, ...]
    fields: dict[str, Any]
    public: Callable[[Any], BaseModel]
    descending: bool = True
    backwards: bool = False


def json_object(fields: dict[str, Any]) -> ColumnElement[Any]:
    """A JSON object built by PostgreSQL; times as `rfc3339` writes them."""
    pairs: list[Any] = []
    for name, value in fields.items():
        pairs += [literal(name, Text, literal_execute=True), json_value(value)]
    return func.json_build_object(*pairs)


def json_value(value: Any) -> Any:
    if isinstance(value, dict):
        return json_object(value)
    return time_text(value) if isinstance(value.type, UTCDateTime) else value


def time_text(value: Any) -> ColumnElement[str]:
    return func.to_char(func.timezone("UTC", value), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')


async def fetch_list(db: Database, listing: Listing, statement: Select[Any], page: Page) -> bytes:
    """The page as `{"data": [...], "next_cursor": ...}`, ready to be sent.

    `statement` selects what `listing.public` takes, scoped and filtered but neither ordered nor limited.
    """
    statement = after_cursor(listing, statement, page)
    order = [key.desc() if listing.descending else key.asc() for key in listing.keys]
    statement = statement.order_by(*order).limit(page.limit + 1)
    if db.is_postgresql:
        item = cast(json_object(listing.fields), Text).label("item")
        async with db.connection() as connection:
            rows = (await connection.execute(statement.with_only_columns(item, *listing.keys))).all()
    else:
        rows = (await db.read(fetch_rows, statement.add_columns(*listing.keys))).all()
    shown = rows[: page.limit]
    items = [row.item if db.is_postgresql else listing.public(row).model_dump_json() for row in shown]
    if listing.backwards:
        items.reverse()
    cursor = "null"
    if len(rows) > page.limit:
        cursor = json.dumps(encode_cursor(listing.name, list(shown[-1][-len(listing.keys) :])))
    return f'{{"data":[{",".join(items)}],"next_cursor":{cursor}}}'.encode()


async def fetch_rows(tx: Transaction, statement: Select[Any]) -> Result[Any]:
    rows: Result[Any] = await tx.execute(statement)
    return rows


def encode_cursor(name: str, values: list[Any]) -> str:
    texts = [rfc3339(value) if isinstance(value, datetime) else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps([name, *texts]).encode()).decode().rstrip("=")


def after_cursor(listing: Listing, statement: Select[Any], page: Page) -> Select[Any]:
    """Only the rows past the cursor; Invalid where it is not one of this list's."""
    if page.cursor is None:
        return statement
    try:
        text = page.cursor + "=" * (-len(page.cursor) % 4)
        name, *values = json.loads(base64.b64decode(text, altchars=b"-_", validate=True))
        if name != listing.name or len(values) != len(listing.keys):
            raise ValueError("the cursor of another list")
        bounds = [
            literal(key_value(key, value), key.type) for key, value in zip(listing.keys, values, strict=True)
        ]
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Invalid("The cursor is not one that this list gave.", ("query", "cursor")) from error
    here, there = tuple_(*listing.keys), tuple_(*bounds)
    return statement.where(here < there if listing.descending else here > there)


def key_value(key: Any, value: object) -> object:
    """The text of a cursor as a value of the column; ValueError or OverflowError for anything else."""
    if not isinstance(value, str):
        raise ValueError("not a text")
    if isinstance(key.type, UTCDateTime):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a time without a zone")
        return moment.astimezone(UTC)  # here, where one beyond year 1 or 9999 is still the client's mistake
    if isinstance(key.type, Integer):
        if not (value.isascii() and value.isdigit() and int(value) < 2**31):
            raise ValueError("not a number that we gave")
        return int(value)
    return UUID(value)

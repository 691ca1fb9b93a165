# identity/rate_limits.py -- how often something may be tried; the database counts for all workers.
import hashlib
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter
from sqlalchemy import case, delete
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

import access
from access import SYSTEM
from access.batch_deletion import ROW_BATCH, delete_batch
from clock import utc_now
from db import Database, Transaction, get_columns
from errors import TooManyRequests
from models import RateLimit
from storage.dialects import upsert

# Enough for users, too few for guessing; each attempt also costs an argon2 hash.
SIGN_IN_PER_ADDRESS = RateLimitItemPerMinute(30)
# Counted by email and network, so that guessing from one network does not lock the user out elsewhere.
SIGN_IN_PER_EMAIL_HERE = RateLimitItemPerMinute(10, multiples=5)
SIGN_IN_PER_EMAIL = RateLimitItemPerHour(300)
REFRESH_PER_SESSION = RateLimitItemPerHour(120)
REGISTER_PER_ADDRESS = RateLimitItemPerHour(60)
# Every call is stored, even one that only reads.
CALLS_PER_PROGRAM = RateLimitItemPerMinute(300, multiples=5)
EMAIL_PER_USER = RateLimitItemPerHour(20)
PASSWORD_PER_USER = RateLimitItemPerMinute(10, multiples=5)
# Programs that register themselves, each as a row: of one network, and of all together.
CLIENTS_PER_ADDRESS = RateLimitItemPerHour(20)
CLIENTS_PER_SERVER = RateLimitItemPerHour(300)
# Metadata documents that a user may have fetched by naming them.
DOCUMENTS_PER_USER = RateLimitItemPerMinute(30, multiples=5)
# Codes and refresh tokens that come from one network, good or not.
EXCHANGES_PER_ADDRESS = RateLimitItemPerMinute(300, multiples=5)
MAX_REMEMBERED = 10_000
COLUMNS = get_columns(RateLimit)


class DatabaseStorage(Storage):
    """The storage interface of the `limits` library over the table rate_limits."""

    STORAGE_SCHEME = ["parley"]  # noqa: RUF012 -- the library declares it so

    def __init__(self, db: Database) -> None:
        super().__init__()
        self._db = db

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return SQLAlchemyError

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return await self._db.write(add_hits, hash_key(key), expiry, amount)

    async def get(self, key: str) -> int:
        row = await self._db.read(find_limit, hash_key(key))
        return row.hits if row and row.expires_at > utc_now() else 0

    async def get_expiry(self, key: str) -> float:
        row = await self._db.read(find_limit, hash_key(key))
        return row.expires_at.timestamp() if row else utc_now().timestamp()

    async def check(self) -> bool:
        await self._db.read(find_limit, "")
        return True

    async def reset(self) -> int | None:
        raise TypeError("resetting every limit at once is not supported")

    async def clear(self, key: str) -> None:
        await self._db.write(delete_limit, hash_key(key))


def network_of(address: str) -> str:
    """What to count an address by: itself or, of IPv6, its /64, all of which one household or machine can use."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address


def neighbourhood_of(address: str) -> str:
    """The network around an address in which its owner may have others: a /24 of IPv4, a /64 of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 24 if parsed.version == 4 else 64), strict=False))


def hash_key(key: str) -> str:
    """SHA-256 of a key: emails and addresses are counted without being stored."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


async def find_limit(tx: Transaction, key: str) -> RateLimit | None:
    return await access.find_row(tx, SYSTEM, RateLimit, col(RateLimit.key) == key)


async def add_hits(tx: Transaction, key: str, seconds: int, amount: int) -> int:
    """Add to the count of the current window, or open the next one: one statement, so that no hit is lost."""
    moment = utc_now()
    ends_at = moment + timedelta(seconds=seconds)
    over = COLUMNS["expires_at"] <= moment
    change = {
        "hits": case((over, amount), else_=COLUMNS["hits"] + amount),
        "expires_at": case((over, ends_at), else_=COLUMNS["expires_at"]),
    }
    new = {
        "key": access.owner_value(SYSTEM, RateLimit, key),
        "hits": amount,
        "expires_at": ends_at,
    }
    return await upsert(tx, RateLimit, new, "key", change, "hits")


async def delete_limit(tx: Transaction, key: str) -> None:
    every = access.visible_condition(SYSTEM, RateLimit)
    await tx.execute(delete(RateLimit).where(every, col(RateLimit.key) == key))


async def delete_expired_limits(tx: Transaction, limit: int = ROW_BATCH) -> int:
    """Delete one batch; the number of rows."""
    return await delete_batch(tx, SYSTEM, RateLimit, col(RateLimit.expires_at) <= utc_now(), limit=limit)


class RateLimiter:
    """Raises TooManyRequests if something was tried too often; does nothing when disabled."""

    def __init__(self, db: Database, *, enabled: bool) -> None:
        self._limiter = FixedWindowRateLimiter(DatabaseStorage(db))
        self._enabled = enabled
        # The keys over their limit, and until when: further tries cost no statement.
        self._refused: dict[str, datetime] = {}

    async def hit(self, item: RateLimitItem, *who: str) -> None:
        if not self._enabled:
            return
        key = hash_key(item.key_for(*who))
        until = self._refused.get(key)
        if until is None or until <= utc_now():
            if await self._limiter.hit(item, *who):
                return
            window = await self._limiter.get_window_stats(item, *who)
            until = datetime.fromtimestamp(window.reset_time, UTC)
            self._remember(key, until)
        wait = max(1, round((until - utc_now()).total_seconds() + 0.5))
        raise TooManyRequests(wait, item.amount, item.get_expiry())

    def _remember(self, key: str, until: datetime) -> None:
        self._refused.pop(key, None)
        if len(self._refused) >= MAX_REMEMBERED:
            self._refused.pop(next(iter(self._refused)))  # the oldest one; the database still has its count
        self._refused[key] = until

    async def clear(self, item: RateLimitItem, *who: str) -> None:
        if self._enabled:
            self._refused.pop(hash_key(item.key_for(*who)), None)
            await self._limiter.clear(item, *who)

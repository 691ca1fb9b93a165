# services/identity/rate_limits.py -- how often something may be tried, counted in the database for all workers.
import hashlib
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter
from sqlalchemy import case, delete, insert
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

import access
from access import SYSTEM
from db import Database, Transaction
from errors import TooManyRequests
from models import RateLimit
from models.columns import now
from services.batch_deletion import ROWS_AT_ONCE, delete_some
from storage.dialects import upsert

# Generous to people, hopeless for guessing: argon2 makes each try cost 100 ms besides.
SIGN_IN_PER_ADDRESS = RateLimitItemPerMinute(30)
# By the email and where they come from first: who guesses in one place must not lock the person out elsewhere.
SIGN_IN_PER_EMAIL_HERE = RateLimitItemPerMinute(10, multiples=5)
SIGN_IN_PER_EMAIL = RateLimitItemPerHour(300)
REFRESH_PER_SESSION = RateLimitItemPerHour(120)
REGISTER_PER_ADDRESS = RateLimitItemPerHour(60)
# Each call leaves rows for good, also one that only reads.
CALLS_PER_PROGRAM = RateLimitItemPerMinute(300, multiples=5)
EMAIL_PER_USER = RateLimitItemPerHour(20)
PASSWORD_PER_USER = RateLimitItemPerMinute(10, multiples=5)
MOST_REMEMBERED = 10_000


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
        return await self._db.write(count_hit, hashed(key), expiry, amount)

    async def get(self, key: str) -> int:
        row = await self._db.read(read_limit, hashed(key))
        return row.hits if row and row.expires_at > now() else 0

    async def get_expiry(self, key: str) -> float:
        row = await self._db.read(read_limit, hashed(key))
        return row.expires_at.timestamp() if row else time.time()

    async def check(self) -> bool:
        await self._db.read(read_limit, "")
        return True

    async def reset(self) -> int | None:
        raise TypeError("every limit at once is never reset")

    async def clear(self, key: str) -> None:
        await self._db.write(forget_limit, hashed(key))


def network(address: str) -> str:
    """Whom an address stands for: of IPv6, a household or a machine has a whole /64 to choose from."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address


def neighbourhood(address: str) -> str:
    """The network around an address, in which its owner may have others: a /24 of IPv4, a /64 of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 24 if parsed.version == 4 else 64), strict=False))


def hashed(key: str) -> str:
    """Emails and addresses are counted, not kept."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


async def read_limit(tx: Transaction, key: str) -> RateLimit | None:
    return await access.find_row(tx, SYSTEM, RateLimit, RateLimit.key == key)


async def count_hit(tx: Transaction, key: str, seconds: int, amount: int) -> int:
    """Adds to the count of the running window, or opens the next; one statement, so nothing is miscounted."""
    moment = now()
    ends_at = moment + timedelta(seconds=seconds)
    over = col(RateLimit.expires_at) <= moment
    change = {
        "hits": case((over, amount), else_=RateLimit.hits + amount),
        "expires_at": case((over, ends_at), else_=RateLimit.expires_at),
    }
    new = insert(RateLimit).values(key=key, hits=amount, expires_at=ends_at)
    hits: int = await upsert(tx, new, "key", change, col(RateLimit.hits))
    return hits


async def forget_limit(tx: Transaction, key: str) -> None:
    await tx.execute(delete(RateLimit).where(col(RateLimit.key) == key))


async def delete_expired_limits(tx: Transaction, most: int = ROWS_AT_ONCE) -> int:
    """A few at a time; how many there were."""
    return await delete_some(tx, SYSTEM, RateLimit, col(RateLimit.expires_at) <= now(), most=most)


class Limits:
    """Raises TooManyRequests where something was tried too often; does nothing when switched off."""

    def __init__(self, db: Database, *, enabled: bool) -> None:
        self._limiter = FixedWindowRateLimiter(DatabaseStorage(db))
        self._enabled = enabled
        # What is over its limit, until when: who goes on trying costs no statement.
        self._refused: dict[str, datetime] = {}

    async def hit(self, item: RateLimitItem, *who: str) -> None:
        if not self._enabled:
            return
        key = hashed(item.key_for(*who))
        until = self._refused.get(key)
        if until is None or until <= now():
            if await self._limiter.hit(item, *who):
                return
            window = await self._limiter.get_window_stats(item, *who)
            until = datetime.fromtimestamp(window.reset_time, UTC)
            self.remember(key, until)
        raise TooManyRequests(max(1, round((until - now()).total_seconds() + 0.5)))

    def remember(self, key: str, until: datetime) -> None:
        self._refused.pop(key, None)
        if len(self._refused) >= MOST_REMEMBERED:
            self._refused.pop(next(iter(self._refused)))  # the oldest; the database still knows
        self._refused[key] = until

    async def clear(self, item: RateLimitItem, *who: str) -> None:
        if self._enabled:
            self._refused.pop(hashed(item.key_for(*who)), None)
            await self._limiter.clear(item, *who)

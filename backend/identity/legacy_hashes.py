# identity/legacy_hashes.py -- the highest cost of a bcrypt hash that is still stored.
import time

from sqlalchemy import func
from sqlmodel import col

import access
from access import CallerOrSystem
from db import Database, Transaction
from models import User

REFRESH_SECONDS = 3_600.0


class LegacyHashes:
    """The highest cost among the stored bcrypt hashes; 0 if there are none.

    It is read again after an hour: the query has no index to use, and the hashes only become fewer.
    """

    def __init__(self) -> None:
        self._max_cost = 0
        self._read_at: float | None = None

    async def find_max_cost(self, db: Database, caller: CallerOrSystem) -> int:
        moment = time.monotonic()
        if self._read_at is None or moment - self._read_at > REFRESH_SECONDS:
            self._read_at = moment
            self._max_cost = await db.read(find_bcrypt_cost, caller)
        return self._max_cost


async def find_bcrypt_cost(tx: Transaction, caller: CallerOrSystem) -> int:
    """The highest cost, as 12 of `$2b$12$...`; 0 if nobody has a bcrypt hash."""
    cost = func.max(func.substr(col(User.password_hash), 5, 2))
    old = access.select(caller, User, cost).where(col(User.password_hash).like("$2_$__$%"))
    found = (await tx.execute(old)).scalar_one()
    return int(found) if found and found.isdigit() else 0

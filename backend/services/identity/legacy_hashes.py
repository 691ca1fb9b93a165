# services/identity/legacy_hashes.py -- which old kinds of password hashes are left, and what the costliest costs.
import time

from sqlalchemy import func
from sqlmodel import col

import access
from access import CallerOrSystem
from db import Database, Transaction
from models import User

ASKED_EVERY = 3_600.0


class OldHashes:
    """The cost of the costliest bcrypt hash that somebody still has; 0 where nobody has one.

    Asked for once an hour: there is no index to find them by, and they only become fewer.
    """

    def __init__(self) -> None:
        self._most = 0
        self._asked_at: float | None = None

    async def find_most(self, db: Database, caller: CallerOrSystem) -> int:
        moment = time.monotonic()
        if self._asked_at is None or moment - self._asked_at > ASKED_EVERY:
            self._asked_at = moment
            self._most = await db.read(find_bcrypt_cost, caller)
        return self._most


async def find_bcrypt_cost(tx: Transaction, caller: CallerOrSystem) -> int:
    """From `$2b$12$...`, 12."""
    cost = func.max(func.substr(col(User.password_hash), 5, 2))
    old = access.select(caller, User, cost).where(col(User.password_hash).like("$2_$__$%"))
    found = (await tx.execute(old)).scalar_one()
    return int(found) if found and found.isdigit() else 0

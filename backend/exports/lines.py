# exports/lines.py -- an export: all that a person has and may read, as lines of JSON.
"""Each line is an item of the list of the same name, so that whatever a list shows is in an export. Every page is a
read of its own, by the rules of that moment: no transaction is held while a client takes the lines, and whose session
has ended, or who is removed from a conversation, gets nothing of what is read after that.
"""

import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from math import inf

from access import Caller
from clock import rfc3339, utc_now
from db import Database
from errors import ParleyError
from exports.parts import Part, read_parts
from identity import credentials
from identity.fresh_cache import CACHE_TTL_SECONDS
from models.export_line import FORMAT, FORMAT_VERSION, frame_lines
from server.problems import describe_problem
from settings import VERSION

CHECK_SECONDS = CACHE_TTL_SECONDS


class Doorkeeper:
    """Asks whether the caller's session has ended, as often as requests do: at most every CHECK_SECONDS."""

    def __init__(self, db: Database, caller: Caller) -> None:
        self._db = db
        self._caller = caller
        self._asked_at = -inf

    async def require_active(self) -> None:
        """InvalidCredential if it has."""
        if time.monotonic() - self._asked_at < CHECK_SECONDS:
            return
        asked_at = time.monotonic()
        await self._db.read(credentials.require_active, self._caller)
        self._asked_at = asked_at


async def export_lines(db: Database, caller: Caller) -> AsyncGenerator[bytes, None]:
    """A header, the lines of each part, and a footer with their numbers.

    In place of the footer an export that could not be finished ends with the problem.
    """
    counts: Counter[str] = Counter()
    door = Doorkeeper(db, caller)
    begun = {"format": FORMAT, "version": FORMAT_VERSION, "exported_at": rfc3339(utc_now())}
    yield frame_lines("header", [{**begun, "parley": VERSION, "user_id": caller.user_id}])
    try:
        async with aclosing(read_parts(db, caller)) as parts:
            async for part in parts:
                await door.require_active()
                yield count_lines(counts, part)
    except ParleyError as error:
        yield frame_lines("problem", [describe_problem(error.status, error.detail, error.problem)])
        return
    yield frame_lines("footer", [{"counts": dict(counts), "lines": counts.total()}])


def count_lines(counts: Counter[str], part: Part) -> bytes:
    counts[part.type] += len(part.items)
    return frame_lines(part.type, part.items)

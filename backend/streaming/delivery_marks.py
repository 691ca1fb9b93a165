# streaming/delivery_marks.py -- gathers which messages streams have sent to whom, and stores the marks together.
import asyncio
from collections.abc import Mapping
from itertools import islice
from uuid import UUID

from pydantic_core import from_json

from access import SYSTEM
from db import Database
from errors import DatabaseBusy
from events.changes import StreamEvent
from failure_causes import log_failure
from services.participation.deliveries import store_delivered

# Marks of one transaction, and how many wait at most; those beyond move with a later message.
MARK_BATCH = 500
MAX_WAITING = 100_000
# How many of its pauses a worker that ends waits for the last marks to be stored.
END_PAUSES = 3


def find_message(event: StreamEvent) -> tuple[UUID, int] | None:
    """The conversation of people and the number there of a message that an event brings; None for other events."""
    if event.type != "message.created" or '"message_seq"' not in event.data:
        return None
    data = from_json(event.data)
    seq = data.get("message_seq")
    return None if seq is None else (UUID(data["message"]["conversation_id"]), seq)


class DeliveryMarks:
    """What was sent on a stream has reached its user: the last message of each conversation counts for all before it.

    Nothing is written for a message or a reader alone, but once in `seconds` for all streams of the worker.
    """

    def __init__(self, db: Database, seconds: float) -> None:
        self._db = db
        self._seconds = seconds
        self._reached: dict[tuple[UUID, UUID], int] = {}
        self._has_some = asyncio.Event()

    def note(self, user_id: UUID, messages: Mapping[UUID, int]) -> None:
        """A stream of the user has sent the messages of these conversations up to these numbers."""
        for conversation_id, seq in messages.items():
            self._keep((conversation_id, user_id), seq)

    def _keep(self, place: tuple[UUID, UUID], seq: int) -> None:
        if place in self._reached or len(self._reached) < MAX_WAITING:
            self._reached[place] = max(seq, self._reached.get(place, 0))
            self._has_some.set()

    async def run(self) -> None:
        """Store what has come together, until cancelled, and then the rest.

        A database that is busy does not hold up the end for long: what is not stored moves with a later message.
        """
        try:
            while True:
                await self._has_some.wait()
                await asyncio.sleep(self._seconds)
                await self.store_marks()
        finally:
            try:
                async with asyncio.timeout(END_PAUSES * self._seconds):
                    await self.store_marks()
            except TimeoutError as error:
                log_failure("storing what was delivered took too long at the end", error)

    async def store_marks(self) -> None:
        """Store all marks that wait; those of places that are locked at this moment wait on."""
        left_out: dict[tuple[UUID, UUID], int] = {}
        self._has_some.clear()
        for _ in range(0, len(self._reached), MARK_BATCH):
            places = list(islice(self._reached, MARK_BATCH))
            batch = {place: self._reached.pop(place) for place in places}
            try:
                again = await store_delivered(self._db, SYSTEM, batch)
            except Exception as error:
                log_failure("storing what was delivered failed", error)
                again = set(batch) if isinstance(error, DatabaseBusy) else set()
            left_out |= {place: batch[place] for place in again}
        for place, seq in left_out.items():
            self._keep(place, seq)

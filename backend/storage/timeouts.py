# storage/timeouts.py -- how long the database may take.
from dataclasses import dataclass

# Over what the server itself allows a statement, after which the connection counts as dead.
SILENCE_SECONDS = 2.0
# How long a transaction on PostgreSQL may do nothing. Ours are short; waiting for an answer is not part of any.
IDLE_SECONDS = 5
# For how long SQLite and MariaDB wait for a lock where nobody says how long.
PATIENT_LOCK_SECONDS = 10


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """In seconds; None: as long as it takes.

    `statement` bounds one statement, `lock` its wait for others, `connection` the wait for a free connection of the
    pool and for a new one.
    """

    statement: float | None = 5.0
    lock: float | None = 3.0
    connection: float = 5.0

    @property
    def silence(self) -> float | None:
        """After how long without an answer a connection is dead: the server would have ended the statement before."""
        return None if self.statement is None else self.statement + SILENCE_SECONDS


def make_request_limits(seconds: float) -> TimeLimits:
    """For requests, of which nothing may take longer than `seconds`."""
    return TimeLimits(statement=seconds, lock=seconds * 0.6, connection=seconds)


REQUESTS = TimeLimits()
# Migrations, checks and deletions of much at once take as long as they take.
UNHURRIED = TimeLimits(statement=None, lock=None, connection=30.0)

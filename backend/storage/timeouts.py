# storage/timeouts.py -- how long a statement, a lock and a connection of the database may take.
from dataclasses import dataclass

# A connection that is silent for so much longer than the server allows a statement counts as dead.
SILENCE_SECONDS = 2.0
# How long a transaction on PostgreSQL may be idle. None of ours waits for a language model or a user.
IDLE_SECONDS = 5
# How long SQLite and MariaDB wait for a lock where `lock` is None.
DEFAULT_LOCK_SECONDS = 10


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """In seconds; None means without a limit.

    `statement` bounds one statement, `lock` its wait for others, `connection` the wait for a free connection of the
    pool and for a new one.
    """

    statement: float | None = 5.0
    lock: float | None = 3.0
    connection: float = 5.0

    @property
    def silence(self) -> float | None:
        """After so long without an answer a connection is dead: the server would have ended the statement before."""
        return None if self.statement is None else self.statement + SILENCE_SECONDS


def make_request_limits(seconds: float) -> TimeLimits:
    """The limits of requests, in which no statement may take longer than `seconds`."""
    return TimeLimits(statement=seconds, lock=seconds * 0.6, connection=seconds)


REQUESTS = TimeLimits()
# Migrations, checks and large deletions take as long as they take.
UNHURRIED = TimeLimits(statement=None, lock=None, connection=30.0)

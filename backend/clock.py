# clock.py -- the time, and how JSON shows it; nothing else in backend/ reads this machine's clock.
from datetime import UTC, datetime


def utc_now() -> datetime:
    """The time by this machine's clock. Leases use the database's clock instead, which all workers share."""
    return read_system_clock()


def read_system_clock() -> datetime:
    """The one place to replace where time has to pass: every caller of `utc_now` follows."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """The one form of a time in JSON: UTC, six digits, Z. JSON that the database builds has the same form."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"

# due_dates/times.py -- days and times of the clock somewhere, as moments.
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# When something without a date is overdue: after everything that has one.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Due:
    """On a day or at a moment, in the zone in which its day and its clock are meant."""

    on: date | None
    at: datetime | None
    zone: str

    @property
    def by(self) -> datetime:
        """The moment after which it is overdue."""
        if self.at is not None:
            return self.at
        return start_of_day(self.on + timedelta(1), self.zone) if self.on is not None else NEVER

    @property
    def local(self) -> datetime:
        """What calendar and clock show there, without a zone; at midnight where it is due on a day."""
        if self.at is not None:
            return to_local(self.at, self.zone)
        assert self.on is not None
        return datetime.combine(self.on, time())


def to_local(moment: datetime, zone: str) -> datetime:
    """What a clock there shows, without a zone."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def to_moment(local: datetime, zone: str) -> datetime:
    """When a clock there shows this: the first time where it does so twice, an hour later where it never does."""
    return local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def is_shown(local: datetime, zone: str) -> bool:
    """Whether a clock there shows this time at all: not where it is put forward."""
    return to_local(to_moment(local, zone), zone) == local


def start_of_day(day: date, zone: str) -> datetime:
    return to_moment(datetime.combine(day, time()), zone)

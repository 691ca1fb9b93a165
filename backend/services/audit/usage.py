# services/audit/usage.py -- the tokens that the caller's runs have used, and what they cost.
from bisect import bisect_left
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, case, func, literal_column, or_, select
from sqlmodel import col

from access import Caller
from access.runs import spent_run
from clock import utc_now
from db import Transaction
from errors import Invalid
from models import Run
from models.run import DayUsage, to_cost
from storage.quarter_hours import SECONDS, quarter_hour

DEFAULT_DAYS = 30
MAX_DAYS = 366
QUARTERS_OF_DAY = 96
UNIX_DAY = date(1970, 1, 1)


async def sum_usage(tx: Transaction, caller: Caller, first: date | None, last: date | None) -> list[DayUsage]:
    """The tokens of each day and model, oldest first; without dates of the last DEFAULT_DAYS, today included.

    Days are those of the caller's time zone, both included. A run counts on the day on which it was asked for, also
    where the caller has left its conversation.
    """
    zone = ZoneInfo(caller.timezone)
    last = last or utc_now().astimezone(zone).date()
    first = first or last - timedelta(days=DEFAULT_DAYS - 1)
    if not timedelta(0) <= last - first < timedelta(days=MAX_DAYS):
        raise Invalid(f"`from` and `to` are 1 to {MAX_DAYS} days, in this order.", ("query", "from"))
    start, end = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    day = number_days(zone, start, end).label("day")
    # Of another type than the columns, which hold no more than one run uses.
    sums = (
        func.sum(col(Run.input_tokens), type_=BigInteger()).label("input"),
        func.sum(col(Run.output_tokens), type_=BigInteger()).label("output"),
        func.sum(col(Run.cost_nanos), type_=BigInteger()).label("cost_nanos"),
    )
    statement = select(day, col(Run.model), func.count().label("runs"), *sums).where(
        spent_run(caller),
        col(Run.created_at) >= start,
        col(Run.created_at) < end,
        # Calls over MCP are runs that ask no model. Before 017 a run did not say which one it asked.
        or_(col(Run.model).is_not(None), col(Run.input_tokens) > 0, col(Run.output_tokens) > 0),
    )
    used = [
        DayUsage(
            date=UNIX_DAY + timedelta(days=int(row.day)),
            model=row.model,
            runs=row.runs,
            input_tokens=int(row.input),
            output_tokens=int(row.output),
            cost=to_cost(row.cost_nanos),
        )
        for row in await tx.execute(statement.group_by(day, col(Run.model)))
    ]
    return sorted(used, key=lambda usage: (usage.date, usage.model or ""))


def number_days(zone: ZoneInfo, start: datetime, end: datetime) -> ColumnElement[int]:
    """SQL for the day of a run in the zone, counted from UNIX_DAY; right for runs between the two moments."""
    quarter = quarter_hour(col(Run.created_at))
    first, last = (int(moment.timestamp()) // SECONDS for moment in (start, end))
    changes: list[tuple[ColumnElement[bool], ColumnElement[int]]] = []
    while first < last:
        offset, reach = find_offset(zone, first), min(first + QUARTERS_OF_DAY, last)
        if find_offset(zone, reach) != offset:
            reach = first + bisect_left(
                range(first, reach), True, key=lambda number: find_offset(zone, number) != offset
            )
            changes.append((quarter < number_literal(reach), number_literal(offset)))
        first = reach
    final = number_literal(find_offset(zone, last))
    return (quarter + (case(*changes, else_=final) if changes else final)) // number_literal(QUARTERS_OF_DAY)


def find_offset(zone: ZoneInfo, quarter: int) -> int:
    """What the zone is ahead of UTC at this quarter of an hour since 1970, in quarters too."""
    offset = datetime.fromtimestamp(quarter * SECONDS, zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) // SECONDS


def number_literal(number: int) -> ColumnElement[int]:
    """A number of ours as a part of the statement: PostgreSQL groups by no expression that has parameters."""
    return literal_column(str(number), BigInteger)

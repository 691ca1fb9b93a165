# services/audit/usage.py -- the tokens that the caller's runs have used.
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, func, or_
from sqlmodel import col

import access
from access import Caller
from clock import utc_now
from db import Transaction
from errors import Invalid
from models import Run
from models.run import DayUsage
from storage.quarter_hours import SECONDS, quarter_hour

DEFAULT_DAYS = 30
MAX_DAYS = 366


async def sum_usage(tx: Transaction, caller: Caller, first: date | None, last: date | None) -> list[DayUsage]:
    """The tokens of each day and model, oldest first; without dates of the last DEFAULT_DAYS, today included.

    Days are those of the caller's time zone, both included. A run counts on the day on which it was asked for.
    """
    zone = ZoneInfo(caller.timezone)
    last = last or utc_now().astimezone(zone).date()
    first = first or last - timedelta(days=DEFAULT_DAYS - 1)
    if not timedelta(0) <= last - first < timedelta(days=MAX_DAYS):
        raise Invalid(f"`from` and `to` are 1 to {MAX_DAYS} days, in this order.", ("query", "from"))
    start, end = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    quarter = quarter_hour(col(Run.created_at)).label("quarter")
    # Of another type than the columns, which hold no more than one run uses.
    sums = (
        func.sum(col(Run.input_tokens), type_=BigInteger()).label("input"),
        func.sum(col(Run.output_tokens), type_=BigInteger()).label("output"),
    )
    statement = access.select(caller, Run, quarter, col(Run.model), func.count().label("runs"), *sums).where(
        col(Run.user_id) == caller.user_id,
        col(Run.created_at) >= start,
        col(Run.created_at) < end,
        # Calls over MCP are runs that ask no model. Before 018 a run did not say which one it asked.
        or_(col(Run.model).is_not(None), col(Run.input_tokens) > 0, col(Run.output_tokens) > 0),
    )
    found: dict[tuple[date, str | None], DayUsage] = {}
    for row in await tx.execute(statement.group_by(quarter, col(Run.model))):
        day = datetime.fromtimestamp(row.quarter * SECONDS, zone).date()
        usage = found.setdefault(
            (day, row.model), DayUsage(date=day, model=row.model, runs=0, input_tokens=0, output_tokens=0)
        )
        usage.runs += row.runs
        usage.input_tokens += int(row.input)
        usage.output_tokens += int(row.output)
    return sorted(found.values(), key=lambda usage: (usage.date, usage.model or ""))

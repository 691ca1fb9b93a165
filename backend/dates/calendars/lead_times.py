# dates/calendars/lead_times.py -- how long before something a text of a calendar's language wants a reminder
import datetime as dt

from dates.calendars.calendar_tables import Calendar
from dates.calendars.days import Found
from dates.calendars.folding import fold_text
from dates.mention import MAX_LEAD_DAYS, LeadTime

_MAX_CHARACTERS = 1000  # of a text that are looked at


def find_local_lead_time(text: str, calendar: Calendar) -> LeadTime | None:
    """The first "eine Stunde vorher" or "la veille"; None where there is none."""
    for kind, pattern in calendar.lead_times:
        if m := pattern.search(fold_text(text[:_MAX_CHARACTERS])):
            found = Found(m, calendar, dt.datetime.min)
            count = found.read("count", 1)
            days = (
                found.read("minutes") * count / 1440 if kind == "minutes" else found.read("unit", 1) * count
            )
            if days <= MAX_LEAD_DAYS:
                return LeadTime(m.start(), m.end(), dt.timedelta(days=days))
    return None

# dates/__init__.py -- dates in a text, as the rest of the offline model knows them
from dates.english.finder import find_date
from dates.english.lead_times import find_lead_time
from dates.mention import DateFinder, DateMention, LeadTime, LeadTimeFinder, find_day

__all__ = [
    "DateFinder",
    "DateMention",
    "LeadTime",
    "LeadTimeFinder",
    "find_date",
    "find_day",
    "find_lead_time",
]

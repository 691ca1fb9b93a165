# dates/__init__.py -- dates in a text, as the rest of the offline model knows them
from dates.english.finder import find_date
from dates.mention import DateFinder, DateMention, find_day

__all__ = ["DateFinder", "DateMention", "find_date", "find_day"]

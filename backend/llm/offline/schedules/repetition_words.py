# llm/offline/schedules/repetition_words.py -- says in words how something repeats
import datetime as dt

from due_dates.rules import Rule, parse_rule
from llm.offline.sentences import repetition
from llm.offline.sentences.calendar import MONTHS, WEEKDAYS
from llm.offline.sentences.sentence import Language
from llm.offline.sentences.speaker import Speaker

_WORKDAYS = tuple((0, weekday) for weekday in range(5))
_ORDINAL_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def describe_repetition(repeats: str, speaker: Speaker) -> str:
    """ "every 2 weeks on Tuesday until Wednesday 30 June"; of a rule that we have no words for only that it is one."""
    try:
        rule = parse_rule(repeats)
    except ValueError:  # it was not written by us
        return speaker.say(repetition.OTHERWISE)
    text = _describe_days(rule, speaker)
    if text is None:
        return speaker.say(repetition.OTHERWISE)
    if rule.count is not None:
        text = speaker.say(repetition.TIMES, rule.count, rule=text)
    if rule.until is not None:
        last = rule.until.date() if isinstance(rule.until, dt.datetime) else rule.until
        text = speaker.say(repetition.UNTIL, rule=text, day=speaker.format_day(last))
    return text


def _describe_days(rule: Rule, speaker: Speaker) -> str | None:
    every = speaker.say(repetition.EVERY[rule.frequency], rule.interval)
    if not (rule.days or rule.months or rule.month_days or rule.year_days or rule.positions):
        return every
    if rule.frequency == "WEEKLY" and not (rule.months or rule.positions):
        return _describe_weekdays(rule, every, speaker)
    if rule.frequency in ("MONTHLY", "YEARLY") and (days := _name_days(rule, speaker)):
        return speaker.say(repetition.ON_DAYS, every=every, days=days)
    return None


def _describe_weekdays(rule: Rule, every: str, speaker: Speaker) -> str:
    if rule.interval == 1 and rule.days == _WORKDAYS:
        return speaker.say(repetition.WORKDAYS)
    names = [WEEKDAYS[speaker.language][weekday] for _, weekday in rule.days]
    if rule.interval == 1:
        return speaker.say(repetition.EVERY_WEEKDAY, days=speaker.join_phrases(names))
    days = [speaker.say(repetition.ON_WEEKDAY, weekday=name) for name in names]
    return speaker.say(repetition.ON_DAYS, every=every, days=speaker.join_phrases(days))


def _name_days(rule: Rule, speaker: Speaker) -> str | None:
    """The days within a month, or within one month of the year; None where there are no words for them."""
    if len(rule.months) != (rule.frequency == "YEARLY") or rule.year_days or (rule.days and rule.month_days):
        return None
    month = MONTHS[speaker.language][rule.months[0] - 1] if rule.months else ""
    if rule.days:
        if rule.positions or any(n not in (1, 2, 3, 4, 5, -1) for n, _ in rule.days):
            return None
        days = speaker.join_phrases([_name_weekday(n, weekday, speaker) for n, weekday in rule.days])
        return speaker.say(repetition.IN_MONTH, days=days, month=month) if month else days
    numbers = _read_month_days(rule)
    if month:
        one = len(numbers) == 1 and numbers[0] > 0
        return speaker.say(repetition.DATE, day=str(numbers[0]), month=month) if one else None
    if not numbers or any(number < -1 for number in numbers):
        return None
    return speaker.join_phrases([_name_number(number, speaker) for number in numbers])


def _read_month_days(rule: Rule) -> tuple[int, ...]:
    """The days of the month, the last one at the end; "the 30th, or the last day" is written with BYSETPOS."""
    last = max(rule.month_days, default=0)
    if rule.positions:
        is_thirtieth = rule.positions == (-1,) and rule.month_days == tuple(range(28, last + 1))
        return (last,) if is_thirtieth else ()
    return tuple(sorted(rule.month_days, key=lambda number: number % 32))


def _name_weekday(n: int, weekday: int, speaker: Speaker) -> str:
    nth = repetition.NTH[speaker.language][n - 1 if n > 0 else n]
    return speaker.say(repetition.NTH_WEEKDAY, nth=nth, weekday=WEEKDAYS[speaker.language][weekday])


def _name_number(number: int, speaker: Speaker) -> str:
    if number < 0:
        return speaker.say(repetition.LAST_DAY)
    return speaker.say(repetition.DAY_OF_MONTH, day=_write_number(number, speaker.language))


def _write_number(number: int, language: Language) -> str:
    """A day of the month, without what its sentence has behind it."""
    if language == "en":
        return f"{number}{'th' if 10 < number < 14 else _ORDINAL_ENDINGS.get(number % 10, 'th')}"
    return "1er" if language == "fr" and number == 1 else str(number)

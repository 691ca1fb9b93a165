# dates/english/finder.py -- finds the date in an English text
import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from dates.day_parts import PART_TIMES, choose_usual_time
from dates.english.context import (
    ends_here,
    is_name,
    is_residue_after,
    is_residue_before,
    is_starter,
    is_unread_repetition,
)
from dates.english.phrases import BARE_CLOCK_LEADS, DatePhrase, read_phrase
from dates.english.words import Words, split_words
from dates.mention import DateMention
from dates.orders import find_numeric_order
from dates.recurrence_rules import Recurrence
from due_dates.rules import parse_rule

_STRONG_LEADS = frozenset(
    "on by before until till til due starting beginning around at @ over during in".split()
)
LAST_YEAR = 2999  # of a due date


def find_date(text: str, now: dt.datetime, tz: dt.tzinfo, language: str | None = None) -> DateMention | None:
    """The date in `text` that is after `now` (aware), in the time zone `tz`, of a person with this tag of BCP 47.

    None where there is none, or where one is not understood for certain: of two different dates, or of words about
    a date beside one ("Monday of the fair"), nothing is taken. A name ("Black Friday", "Sunday newspaper") is no
    date; a weekday or month needs a preposition, a number or the end of the sentence.
    """
    zone = getattr(tz, "key", "")
    words = split_words(text, now.astimezone(tz), zone, find_numeric_order(zone, language))
    try:
        found = [each for each in _find_mentions(words) if each is None or each.date.year <= LAST_YEAR]
    except OverflowError:  # beyond the year 9999: a number, but no date
        return None
    if not found or any(mention is None for mention in found):
        return None
    mentions = [mention for mention in found if mention]
    return _choose_mention(words, mentions)


def _choose_mention(words: Words, mentions: list[DateMention]) -> DateMention | None:
    """The first of several dates where it stands in front or counts from now ("tomorrow"), or the one with "by"."""
    first = mentions[0]
    if len({(mention.date, mention.time, mention.repeats) for mention in mentions}) == 1:
        return first
    deadlines = [
        mention
        for mention in mentions
        if words.text[mention.start : mention.start + 8]
        .lower()
        .startswith(("by ", "due ", "before ", "no later"))
    ]
    if len(deadlines) == 1:
        return deadlines[0]
    lead = words.text[first.start : first.end].lower()
    return (
        first
        if first.start == 0 or lead.startswith(("today", "tomorrow", "tonight", "in ", "every "))
        else None
    )


def _find_mentions(words: Words) -> Iterator[DateMention | None]:
    """The dates in the order of the text; None for one that is not clear."""
    i = 0
    while i < len(words.tokens):
        phrase = read_phrase(words, i) if is_starter(words, i) else None
        if phrase is None:
            if is_unread_repetition(words, i):
                yield None
            i += 1
            continue
        i = phrase.end
        if phrase.is_unclear:
            yield None
        elif _is_meant(words, phrase) and not is_name(words, phrase.first, phrase.end):
            if is_residue_before(words, phrase.first) or is_residue_after(words, phrase.end):
                yield None
            else:
                mention = _resolve_phrase(words, phrase)
                if mention or phrase.is_unclear or (phrase.day and not phrase.day.days):
                    yield mention


def _is_meant(words: Words, phrase: DatePhrase) -> bool:
    """Whether the words around a phrase confirm that it is meant as a date."""
    leads = set(phrase.leads)
    ends = ends_here(words, phrase.first, phrase.end)
    if phrase.recurrence:
        more = phrase.clock or phrase.start or phrase.until or phrase.count
        return not phrase.recurrence.needs_end or bool(more or ends or leads & _STRONG_LEADS)
    day = phrase.day
    if day is None:
        if phrase.clock is None:
            return ends
        return ends or (bool(leads & BARE_CLOCK_LEADS) and not phrase.clock.bare) or bool(phrase.clock.later)
    if leads == {"from"} and not phrase.last and not day.is_range and phrase.clock is None:
        j = words.skip(phrase.end, ("on", "onwards", "onward"))
        if j == phrase.end:
            return False
        phrase.end = j
    if day.needs == "nothing" or phrase.clock or phrase.last:
        return True
    if day.needs in ("only end", "both"):
        return ends and (day.needs == "only end" or bool(leads & _STRONG_LEADS))
    if leads & _STRONG_LEADS:
        return True
    return day.needs == "end" and (ends or (day.part is not None and phrase.first > 0))


def _resolve_phrase(words: Words, phrase: DatePhrase) -> DateMention | None:
    if phrase.recurrence:
        return _resolve_recurrence(words, phrase, phrase.recurrence)
    day, clock = phrase.day, phrase.clock
    part = (day.part if day else None) or phrase.part
    time = clock.resolve(part) if clock else None
    if clock and time is None:
        return None
    if day is None:
        return _resolve_time_alone(words, phrase, time, part)
    if day.time and time:
        phrase.is_unclear = True
        return None
    if "late" in phrase.leads and day.last:
        phrase.is_unclear = True
        return None
    time = day.time or time
    # "Tonight at midnight" is the beginning of the next day.
    late = bool(time and part in ("evening", "night") and time.hour < 5 and not day.time)
    for date in (each + dt.timedelta(late) for each in day.days):
        if _is_to_come(words, date, time, day.today_needs_time) or day.time:
            last = next((each for each in phrase.last.days if each > date), None) if phrase.last else day.last
            return _make_mention(words, phrase, date, time or choose_usual_time(part, date, words.now), last)
    return None


def _is_to_come(words: Words, date: dt.date, time: dt.time | None, needs_time: bool = False) -> bool:
    if date != words.today:
        return date > words.today
    return time > words.now.time() if time else not needs_time


def _resolve_time_alone(
    words: Words, phrase: DatePhrase, time: dt.time | None, part: str | None
) -> DateMention | None:
    """A clock time or a part of the day without a day means the next time that it comes."""
    at = time or PART_TIMES[part or "morning"]
    later = 0 if at > words.now.time() else 1
    mention = _make_mention(words, phrase, words.today + dt.timedelta(later), at, None)
    return replace(mention, has_day=False)


def _resolve_recurrence(words: Words, phrase: DatePhrase, recurrence: Recurrence) -> DateMention | None:
    first = phrase.start or phrase.day
    part = recurrence.part or phrase.part or (first.part if first else None)
    time = phrase.clock.resolve(part) if phrase.clock else PART_TIMES.get(part or "")
    start = words.today
    if first:
        start = next((day for day in first.days if _is_to_come(words, day, time)), start)
    rule = recurrence.rule
    if "HOURLY" in rule and time is None and first is None:  # the first time is that many hours from now
        in_hours = words.now.astimezone(dt.UTC) + dt.timedelta(hours=parse_rule(rule).interval)
        begin = in_hours.astimezone(words.now.tzinfo)
        start, time = begin.date(), begin.time().replace(second=0, microsecond=0)
    date = next((day for day in recurrence.list_from(start) if _is_to_come(words, day, time)), None)
    if date is None or (phrase.until and phrase.until < date) or (phrase.day and date != start):
        phrase.is_unclear = True
        return None
    if phrase.until:
        rule += f";UNTIL={phrase.until:%Y%m%d}"
    elif phrase.count:
        rule += f";COUNT={phrase.count}"
    mention = _make_mention(words, phrase, date, time, None)
    return replace(mention, repeats=rule, has_day=first is not None)


def _make_mention(
    words: Words,
    phrase: DatePhrase,
    date: dt.date,
    time: dt.time | None,
    last: dt.date | None,
) -> DateMention:
    first, last_token = words.tokens[phrase.first], words.tokens[phrase.end - 1]
    start, end = first.start, last_token.end
    if words.word(phrase.first - 1) == "(" and words.word(phrase.end) == ")":
        start, end = words.tokens[phrase.first - 1].start, words.tokens[phrase.end].end
    remark = ""
    if phrase.remark_from >= 0:
        remark = words.text[words.tokens[phrase.remark_from].start : last_token.end]
    return DateMention(start, end, date, time, last_date=last, remark=remark)

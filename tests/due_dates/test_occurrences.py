# test_occurrences.py -- when a rule comes next: as a common library says, and in bounded time whatever the rule.
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from dateutil.rrule import rrulestr

from due_dates import occurrences
from due_dates.occurrences import MAX_LOOKS, comes_again, find_next, find_next_day
from due_dates.rules import WEEKDAYS, parse_rule
from due_dates.times import Due, to_local, to_moment

BERLIN = "Europe/Berlin"


def make_rule(random: Random) -> str:
    """Whatever the parts may be together, but those that the library reads in another way than RFC 5545.

    It wants both of MO and 1TU in one BYDAY, and counts BYSETPOS in the rest of the first week.
    """
    frequency = random.choice(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
    is_wide = frequency in ("MONTHLY", "YEARLY")
    parts = [f"FREQ={frequency}", f"INTERVAL={random.choice([1, 1, 1, 2, 3, 4, 7])}"]
    if random.random() < 0.4:
        parts.append(f"BYMONTH={join(random.sample(range(1, 13), random.randint(1, 3)))}")
    if frequency != "WEEKLY" and random.random() < 0.4:
        parts.append(f"BYMONTHDAY={join(choose(random, 31) for _ in range(random.randint(1, 3)))}")
    if frequency == "YEARLY" and random.random() < 0.2:
        parts.append(f"BYYEARDAY={join(choose(random, 366) for _ in range(random.randint(1, 4)))}")
    if random.random() < 0.5:
        most = 5 if frequency == "MONTHLY" or any(part.startswith("BYMONTH=") for part in parts) else 53
        is_numbered = is_wide and random.random() < 0.5
        days = random.sample(WEEKDAYS, random.randint(1, 3))
        parts.append(
            f"BYDAY={join(f'{choose(random, most) if is_numbered else str()}{day}' for day in days)}"
        )
    if is_wide and len(parts) > 2 and random.random() < 0.3:
        parts.append(f"BYSETPOS={join(choose(random, 4) for _ in range(random.randint(1, 2)))}")
    return ";".join([*parts, f"WKST={random.choice(WEEKDAYS)}"])


def join(values: object) -> str:
    return ",".join(map(str, values))  # type: ignore[call-overload]


def choose(random: Random, most: int) -> int:
    return random.choice([1, -1]) * random.randint(1, most)


@pytest.mark.busy
@pytest.mark.parametrize("seed", range(4))
def test_the_next_day_is_the_one_that_a_common_library_finds(seed: int) -> None:
    random, found = Random(seed), 0
    for _ in range(150):
        rule = make_rule(random)
        start = date(2000, 1, 1) + timedelta(random.randrange(15_000))
        after = start + timedelta(random.choice([0, 0, 1, 30, 400, 4_000]))
        day = find_next_day(parse_rule(rule), start, after)
        if day is None:  # the library would look for it until the year 9999
            continue
        found += 1
        dated = rrulestr(rule, dtstart=datetime.combine(start, time()))
        expected = dated.after(datetime.combine(after, time()))
        assert expected is not None and day == expected.date(), (rule, start, after)
    assert found > 100


def next_days(rule: str, start: date, count: int = 3) -> list[str]:
    due, days = Due(start, None, "UTC"), []
    for _ in range(count):
        found = find_next(parse_rule(rule), due, datetime(1970, 1, 1, tzinfo=UTC))
        if found is None:
            break
        due = found
        days.append(str(due.on))
    return days


@pytest.mark.parametrize(
    ("rule", "start", "days"),
    [
        ("FREQ=MONTHLY", date(2026, 1, 31), ["2026-03-31", "2026-05-31", "2026-07-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", date(2026, 1, 31), ["2026-02-28", "2026-03-31", "2026-04-30"]),
        ("FREQ=YEARLY", date(2024, 2, 29), ["2028-02-29", "2032-02-29", "2036-02-29"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", date(2026, 6, 2), ["2026-06-16", "2026-06-30", "2026-07-14"]),
        ("FREQ=MONTHLY;BYDAY=1MO", date(2026, 5, 4), ["2026-06-01", "2026-07-06", "2026-08-03"]),
        ("FREQ=WEEKLY;BYDAY=MO,FR;UNTIL=20260608", date(2026, 6, 1), ["2026-06-05", "2026-06-08"]),
        ("FREQ=DAILY;UNTIL=20260602T120000Z", date(2026, 6, 1), ["2026-06-02"]),
        ("FREQ=MONTHLY;BYDAY=MO,1TU", date(2026, 6, 1), ["2026-06-02", "2026-06-08", "2026-06-15"]),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29", date(2096, 2, 29), ["2104-02-29", "2108-02-29", "2112-02-29"]),
        ("FREQ=YEARLY", date(2999, 1, 1), []),
    ],
)
def test_what_rfc_5545_leaves_out_is_left_out(rule: str, start: date, days: list[str]) -> None:
    assert next_days(rule, start) == days


@pytest.mark.parametrize(
    "rule",
    [
        *("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
        *("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=WEEKLY;INTERVAL=1000;BYDAY=MO;BYSETPOS=7"),
        *("FREQ=MONTHLY;BYDAY=5MO;BYSETPOS=2", "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1"),
        *("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31;BYMONTH=2", "FREQ=YEARLY;BYMONTHDAY=24;BYDAY=53MO"),
    ],
)
def test_a_rule_that_never_comes_ends_after_bounded_work(monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    looks = 0
    match = occurrences.matches

    def count(*arguments: object) -> bool:
        nonlocal looks
        looks += 1
        return match(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(occurrences, "matches", count)
    due = Due(None, datetime(2026, 6, 1, 12, tzinfo=UTC), "UTC")
    assert not comes_again(parse_rule(rule), due)
    assert looks <= MAX_LOOKS + 366


def test_the_clock_stays_across_daylight_saving() -> None:
    due = Due(None, to_moment(datetime(2026, 3, 28, 8), BERLIN), BERLIN)
    days = []
    for _ in range(3):
        found = find_next(parse_rule("FREQ=DAILY"), due, due.by)
        assert found is not None
        due = found
        days.append((str(due.at), str(due.local)))
    assert days[0] == ("2026-03-29 06:00:00+00:00", "2026-03-29 08:00:00")
    assert days[2] == ("2026-03-31 06:00:00+00:00", "2026-03-31 08:00:00")


def test_a_time_that_no_clock_shows_is_left_out_and_comes_back_the_day_after() -> None:
    due = Due(None, to_moment(datetime(2026, 3, 28, 2, 30), BERLIN), BERLIN)
    found = find_next(parse_rule("FREQ=DAILY"), due, due.by)
    assert found is not None and str(found.local) == "2026-03-30 02:30:00"


def test_what_is_long_past_comes_next_where_it_is_not_past() -> None:
    rule, now = parse_rule("FREQ=WEEKLY;BYDAY=MO"), to_moment(datetime(2026, 6, 8, 12), BERLIN)
    on_a_day = find_next(rule, Due(date(1970, 1, 5), None, BERLIN), now)
    assert on_a_day == Due(date(2026, 6, 8), None, BERLIN)  # a Monday, which is not over
    at_eight = Due(None, to_moment(datetime(1970, 1, 5, 8), BERLIN), BERLIN)
    found = find_next(rule, at_eight, now)
    assert found is not None and str(found.local) == "2026-06-15 08:00:00"


def test_what_is_done_early_comes_after_its_due_date() -> None:
    due = Due(date(2026, 6, 8), None, BERLIN)
    assert find_next(parse_rule("FREQ=WEEKLY"), due, datetime(2026, 6, 1, tzinfo=UTC)) == Due(
        date(2026, 6, 15), None, BERLIN
    )


def test_hours_are_counted_on_the_days_of_the_rule() -> None:
    friday = Due(None, to_moment(datetime(2026, 6, 5, 20), BERLIN), BERLIN)
    rule = parse_rule("FREQ=HOURLY;INTERVAL=6;BYDAY=MO,FR")
    found = find_next(rule, friday, friday.by)
    assert found is not None and found.at is not None
    assert str(to_local(found.at, BERLIN)) == "2026-06-08 02:00:00"
    later = find_next(rule, friday, to_moment(datetime(2026, 6, 8, 2, 0, 1), BERLIN))
    assert later is not None and str(later.local) == "2026-06-08 08:00:00"
    assert find_next(parse_rule("FREQ=HOURLY;UNTIL=20260605T200000"), friday, friday.by) is None

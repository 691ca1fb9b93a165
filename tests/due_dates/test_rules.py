# test_rules.py -- which RRULEs are taken, and which are refused.
from datetime import UTC, date, datetime

import pytest

from due_dates.rules import MAX_RULE, Rule, count_down, normalize_rule, parse_rule


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("FREQ=DAILY", Rule("DAILY")),
        ("INTERVAL=2;FREQ=HOURLY", Rule("HOURLY", interval=2)),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,MO;UNTIL=20270630",
            Rule("WEEKLY", interval=2, days=((0, 0), (0, 1)), until=date(2027, 6, 30)),
        ),
        ("FREQ=MONTHLY;BYDAY=-1FR,+2MO", Rule("MONTHLY", days=((-1, 4), (2, 0)))),
        ("FREQ=YEARLY;BYDAY=53MO;WKST=SU", Rule("YEARLY", days=((53, 0),), week_start=6)),
        ("FREQ=YEARLY;BYMONTH=2,1;BYMONTHDAY=-1", Rule("YEARLY", months=(1, 2), month_days=(-1,))),
        ("FREQ=YEARLY;BYYEARDAY=-366,366", Rule("YEARLY", year_days=(-366, 366))),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-1", Rule("MONTHLY", days=((0, 0),), positions=(-1,))),
        ("FREQ=DAILY;COUNT=1000", Rule("DAILY", count=1000)),
        ("FREQ=DAILY;UNTIL=20270630T120000Z", Rule("DAILY", until=datetime(2027, 6, 30, 12, tzinfo=UTC))),
        ("FREQ=DAILY;UNTIL=20270630T120000", Rule("DAILY", until=datetime(2027, 6, 30, 12))),
    ],
)
def test_a_rule_is_read_as_rfc_5545_means_it(text: str, rule: Rule) -> None:
    assert parse_rule(text) == rule


@pytest.mark.parametrize(
    "text",
    [
        *("", ";", "FREQ", "FREQ=", "FREQ=DAILY;", "FREQ=FORTNIGHTLY", "FREQ=DAILY;FREQ=DAILY", "BYDAY=MO"),
        *("FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=DAILY;BYHOUR=8", "FREQ=DAILY;BYMINUTE=1", "every day"),
        *("FREQ=DAILY;BYSECOND=1", "FREQ=YEARLY;BYWEEKNO=20", "FREQ=YEARLY;BYEASTER=0", "FREQ=DAILY;X=1"),
        *("FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;INTERVAL=1001", "FREQ=DAILY;COUNT="),
        *("FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=1001", "FREQ=DAILY;COUNT=1e3", "FREQ=DAILY;INTERVAL=٢"),
        *("FREQ=DAILY;COUNT=2;UNTIL=20270101", "FREQ=DAILY;UNTIL=20270230", "FREQ=DAILY;UNTIL=99990101"),
        *("FREQ=DAILY;UNTIL=2027", "FREQ=DAILY;UNTIL=20270101T2500", "FREQ=DAILY;UNTIL=20270101T250000Z"),
        *(
            "FREQ=YEARLY;BYMONTH=0",
            "FREQ=YEARLY;BYMONTH=13",
            "FREQ=YEARLY;BYMONTH=-1",
            "FREQ=YEARLY;BYMONTH=1,",
        ),
        *("FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=MONTHLY;BYMONTHDAY=0", "FREQ=WEEKLY;BYMONTHDAY=1"),
        *("FREQ=YEARLY;BYYEARDAY=367", "FREQ=MONTHLY;BYYEARDAY=1", "FREQ=HOURLY;BYDAY=MO;BYSETPOS=1"),
        *(
            "FREQ=WEEKLY;BYDAY=1MO",
            "FREQ=DAILY;BYDAY=1MO",
            "FREQ=MONTHLY;BYDAY=6MO",
            "FREQ=YEARLY;BYDAY=54MO",
        ),
        *("FREQ=WEEKLY;BYDAY=", "FREQ=WEEKLY;BYDAY=XX", "FREQ=MONTHLY;BYDAY=0MO", "FREQ=WEEKLY;WKST=1"),
        *("FREQ=MONTHLY;BYSETPOS=1", "FREQ=YEARLY;BYDAY=MO;BYSETPOS=367", "FREQ=DAILY\n", "FREQ=DAILY;\0=1"),
        "FREQ=MONTHLY;BYMONTHDAY=" + ",".join("1" for _ in range(MAX_RULE)),
    ],
)
def test_any_other_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        parse_rule(text)


def test_a_rule_is_kept_in_capital_letters_without_the_name_of_its_property() -> None:
    assert normalize_rule(" rrule:freq=weekly;byday=mo ") == "FREQ=WEEKLY;BYDAY=MO"


def test_a_count_is_one_less_after_each_time() -> None:
    assert count_down("FREQ=DAILY;COUNT=3;INTERVAL=10") == "FREQ=DAILY;COUNT=2;INTERVAL=10"
    assert count_down("FREQ=DAILY;INTERVAL=10") == "FREQ=DAILY;INTERVAL=10"

# support/llm/offline/utterances/reminding.py -- what people say to be reminded, and of tasks that are to repeat or not.
from support.llm.offline.utterances.said import MONDAY, TODAY, Call, Said, add, look, reminded, updated

PLANNED = (
    "Dentist | Due Thursday 26 November 2026, 15:00",
    "Pay rent | Due Tuesday 1 December 2026",
    "Call mom",
    "Water the plants | Due Friday 27 November 2026",
)
LUNCH = ("add lunch tomorrow at noon",)


def find(q: str) -> Call:
    return look(q, completed=False)


def set_reminder(task: int, at: str) -> Call:
    return updated(task, reminder_at=f"2026-{at}:00")


REMINDING: list[Said] = [
    Said(
        "remind me at 5pm to call bob",
        (reminded("Call bob", TODAY + ", 17:00"),),
        ("17:00; with a reminder",),
    ),
    Said("remind me to call bob tomorrow", (reminded("Call bob", MONDAY),), ("reminder at 09:00",)),
    Said("remind me today to buy milk", (reminded("Buy milk", TODAY),), ("reminder at 12:00",)),
    Said("remind me to buy milk", (add("Buy milk"),)),
    Said(
        "remind me every day at 9 to take my pills",
        (reminded("Take my pills", MONDAY + ", 09:00", repeats="FREQ=DAILY"),),
        ("every day; with a reminder",),
    ),
    Said("add call bob tomorrow at 5pm", (add("Call bob", MONDAY + ", 17:00"),)),
    # of a task that is there
    Said(
        "remind me about the dentist at 8",
        (find("dentist"), set_reminder(1, "11-26T08:00")),
        ("I will remind you of “Dentist” on Thursday 26 November, 08:00.",),
        PLANNED,
    ),
    Said("remind me about mom at 8", (find("mom"), set_reminder(3, "11-23T08:00")), (), PLANNED),
    Said("remind me about the rent tomorrow", (find("rent"), set_reminder(2, "11-23T09:00")), (), PLANNED),
    Said(
        "remind me an hour before the dentist", (find("dentist"), set_reminder(1, "11-26T14:00")), (), PLANNED
    ),
    Said(
        "remind me about the rent a day before", (find("rent"), set_reminder(2, "11-30T09:00")), (), PLANNED
    ),
    Said("remind me about the rent 2 hours before", (find("rent"),), ("a day, not at a time",), PLANNED),
    Said("remind me about mom an hour before", (find("mom"),), ("it has no date",), PLANNED),
    Said("remind me 3 weeks before the dentist", (find("dentist"),), ("that time is past",), PLANNED),
    Said("don't remind me about the dentist", (find("dentist"), updated(1, reminder_at=None)), (), PLANNED),
    Said("stop reminding me about the rent", (find("rent"), updated(2, reminder_at=None)), (), PLANNED),
    Said(
        "remind me about the rent every month",
        (
            find("rent"),
            updated(2, due_on="2026-12-01", repeats="FREQ=MONTHLY", reminder_at="2026-12-01T09:00:00"),
        ),
        ("every month; reminder at 09:00",),
        PLANNED,
    ),
    # before what is added
    Said("remind me an hour before", (set_reminder(1, "11-23T11:00"),), (), (), LUNCH),
    Said(
        "lunch tomorrow at noon, remind me an hour before",
        (add("Lunch", MONDAY + ", 12:00"), set_reminder(1, "11-23T11:00")),
    ),
    Said(
        "add lunch with Ann tomorrow at noon with a reminder 15 minutes before",
        (add("Lunch with Ann", MONDAY + ", 12:00", reminder_at="2026-11-23T11:45:00"),),
    ),
    Said(
        "remind me to leave for the airport tomorrow at 5pm, 2 hours before",
        (add("Leave for the airport", MONDAY + ", 17:00", reminder_at="2026-11-23T15:00:00"),),
    ),
    Said(
        "remind me to call bob the day before christmas",
        (reminded("Call bob", "Due Thursday 24 December 2026"),),
    ),
    # what repeats
    Said(
        "make the rent monthly",
        (look("rent"), updated(2, due_on="2026-12-01", repeats="FREQ=MONTHLY")),
        ("is now due Tuesday 1 December; every month",),
        PLANNED,
    ),
    Said("stop repeating it", (updated(1, repeats=None),), ("does not repeat",), (), LUNCH),
    Said("the plants should not repeat any more", (look("plant"), updated(4, repeats=None)), (), PLANNED),
    Said(
        "repeat the plants every 3 days",
        (look("plant"), updated(4, due_on="2026-11-27", repeats="FREQ=DAILY;INTERVAL=3")),
        (),
        PLANNED,
    ),
]

# support/llm/offline/utterances/bulk.py -- what takes in many tasks at once: it shows how many, and asks above three.
from support.llm.offline.utterances.said import (
    FRIDAY,
    MONDAY,
    TODAY,
    Said,
    deleted,
    done,
    look,
    moved,
    updated,
)

LISTS = (
    "Milk @ Shopping",
    "Soap @ Shopping",
    "Rice @ Shopping",
    "Tea @ Shopping",
    "Report @ Work",
    "Slides @ Work",
)
LATE = (
    "Rent | Due Thursday 19 November 2026",
    "Gym | Due Tuesday 17 November 2026",
    "Bills | Due Monday 16 November 2026",
    "Taxes | Due Friday 20 November 2026",
    f"Dentist | {TODAY}, 15:00",
    "[x] Old one",
    "[x] Old two",
    "[x] Old three",
    "[x] Old four",
)
SHOPPING = look(completed=False, limit=200, place="shopping")
WORK = look(completed=False, limit=200, place="work")
OVERDUE = look(completed=False, limit=200, overdue=True)
DONE = look(completed=True, limit=25)
DUE_TODAY = look(limit=200, day=TODAY)

BULK = [
    *(
        Said(text, (SHOPPING,), ("Shall I complete these 4 tasks?\n- “Tea”",), LISTS)
        for text in [
            "finish everything on the shopping list",
            "check off everything on my shopping list",
            "mark all items on the shopping list as done",
            "mark the shopping list as done",
            "everything on the shopping list is done",
            "i bought everything on my shopping list",
        ]
    ),
    Said("yes", (done(4), done(3), done(2), done(1)), ("Done:",), LISTS, ("complete the shopping list",)),
    Said("no", (), ("left everything",), LISTS, ("complete the shopping list",)),
    *(
        Said(text, (WORK, moved(6, FRIDAY), moved(5, FRIDAY)), (), LISTS)
        for text in [
            "postpone everything on the work list to Friday",
            "move everything on my work list to Friday",
            "reschedule the work list to Friday",
        ]
    ),
    *(
        Said(text, (OVERDUE,), ("Shall I reschedule these 4 tasks?\n- “Taxes”",), LATE)
        for text in [
            "move overdue to tomorrow",
            "move everything overdue to tomorrow",
            "move what's overdue to tomorrow",
            "reschedule all my overdue tasks to monday",
            "push the overdue tasks to tomorrow",
        ]
    ),
    Said(
        "yes",
        (
            *(look(title) for title in ("Taxes", "Bills", "Gym", "Rent")),
            *(moved(place, MONDAY) for place in (4, 3, 2, 1)),
        ),
        ("“Bills” is now due Monday 23 November.",),
        LATE,
        ("move overdue to tomorrow",),
    ),
    *(
        Said(text, (DONE,), ("Shall I delete these 4 tasks?\n- “Old four”",), LATE)
        for text in [
            "delete all done tasks",
            "clear completed tasks",
            "get rid of all completed tasks",
            "remove everything that's done",
            "delete what i've finished",
        ]
    ),
    Said("yes", tuple(map(deleted, (9, 8, 7, 6))), ("Deleted:",), LATE, ("delete all done tasks",)),
    # What is done needs no other day.
    Said(
        "move everything due today to tomorrow",
        (look(completed=False, limit=200, day=TODAY), updated(5, due_at="2026-11-23T15:00:00")),
        (),
        LATE,
    ),
    Said("complete everything due today", (look(completed=False, limit=200, day=TODAY), done(5)), (), LATE),
    Said("delete everything due today", (DUE_TODAY, deleted(5)), (), LATE),
]

# support/llm/offline/utterances/repeating.py -- what people say of what they do again and again.
from support.llm.offline.utterances.said import FRIDAY, MONDAY, TODAY, TUESDAY, Said, add, look, moved

WORKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
FRIDAYS = "FREQ=WEEKLY;BYDAY=FR"
PLANTS = ("Water the plants | " + FRIDAY, "Call mom", "Pay rent")
FIND_PLANTS = look("plant")

REPEATING: list[Said] = [
    Said(
        "take out the bins every other Tuesday at 8 until June",
        (
            add(
                "Take out the bins",
                TUESDAY + ", 08:00",
                repeats="FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;UNTIL=20270630",
            ),
        ),
        ("due Tuesday 24 November, 08:00; every 2 weeks on Tuesday until Wednesday 30 June 2027",),
    ),
    Said(
        "water the plants every 3 days",
        (add("Water the plants", TODAY, repeats="FREQ=DAILY;INTERVAL=3"),),
        ("due Sunday 22 November; every 3 days",),
    ),
    Said(
        "add standup every weekday at 9:30",
        (add("Standup", MONDAY + ", 09:30", repeats=WORKDAYS),),
    ),
    Said(
        "every Friday evening: pizza with Sam",
        (add("Pizza with Sam", FRIDAY + ", 19:00", repeats=FRIDAYS),),
    ),
    # of a task that is there
    Said(
        "move the plants to every Monday",
        (
            FIND_PLANTS,
            ("update_task", {"task_id": "t1", "due_on": "2026-11-23", "repeats": "FREQ=WEEKLY;BYDAY=MO"}),
        ),
        ("is now due Monday 23 November; every Monday",),
        PLANTS,
    ),
    Said("move the plants to Tuesday", (FIND_PLANTS, moved(1, TUESDAY)), (), PLANTS),
    # what repeats is no day of which one asks
    Said("show my daily tasks", (look(completed=False),), (), PLANTS),
]

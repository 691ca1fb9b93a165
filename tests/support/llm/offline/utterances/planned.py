# support/llm/offline/utterances/planned.py -- what people ask of their day, and tasks that are meant by their time.
from support.llm.offline.utterances.said import Call, Said, add, deleted, done, look, updated

TASKS = (
    "Buy milk",
    "Call mom",
    "Dentist | Due Sunday 22 November 2026, 15:00",
    "Meeting with Tom | Due Monday 23 November 2026, 10:00",
    "Milk @ Shopping",
    "Gym | Due Friday 27 November 2026",
    "[x] Old one",
)
ANSWERED: dict[str, tuple[Call, ...]] = {
    **dict.fromkeys(
        ["do I have a meeting today", "do i have any meetings this week"],
        (look("meeting", completed=False, due_after="2026-11-22", due_before="2026-11-23"),),
    ),
    "do i have a meeting tomorrow": (
        look("meeting", completed=False, due_after="2026-11-23", due_before="2026-11-24"),
    ),
    "is there a meeting on friday": (
        look("meeting", completed=False, due_after="2026-11-27", due_before="2026-11-28"),
    ),
    "do i have an appointment on friday": (
        look("appointment", completed=False, due_after="2026-11-27", due_before="2026-11-28"),
    ),
    **dict.fromkeys(
        [
            "do i have anything planned for today",
            "do i have a reminder set for 5pm",
            "what's my schedule like today",
            "what does my day look like",
            "what's on my calendar today",
            "what do i have going on today",
            "what are my plans for today",
            "reminders for today",
        ],
        (look(completed=False, due_after="2026-11-22", due_before="2026-11-23"),),
    ),
    **dict.fromkeys(
        [
            "what stuff do I need to buy",
            "what do i need to buy",
            "what do i need from the store",
            "what am i buying",
            "shopping list please",
            "i want to hear my shopping list",
        ],
        (look(place="shopping", completed=False),),
    ),
    **dict.fromkeys(
        [
            "what's my schedule like",
            "what's on my calendar",
            "show my calendar",
            "what's coming up",
            "what were the things that i wanted to remember",
            "what did i ask you to remind me of",
            "is there anything i should be reminded of",
            "let me see my reminders",
            "look up my reminders",
            "my reminders",
        ],
        (look(completed=False),),
    ),
    **dict.fromkeys(
        [
            "what is on my schedule for tomorrow",
            "am i free tomorrow",
            "is there anything on my list for tomorrow",
        ],
        (look(completed=False, due_after="2026-11-23", due_before="2026-11-24"),),
    ),
    **dict.fromkeys(
        ["can you tell me if i have a reminder to buy milk", "do i need to buy milk"], (look("milk"),)
    ),
    **dict.fromkeys(
        ["do i have a reminder for the dentist", "on my list, is there a dentist"], (look("dentist"),)
    ),
    "do i still need to call mom": (look("mom"),),
    **dict.fromkeys(
        ["does my shopping list have milk on it", "has milk been added to my shopping list"],
        (look("milk", place="shopping"),),
    ),
    "what time is my dentist appointment": (look("appointment"), look(limit=200)),
    "how long is my shopping list": (look(place="shopping", limit=200),),
    "the last reminder": (look(completed=False, limit=1),),
    "what's my next reminder": (look(completed=False, sort="due", limit=200),),
    "when is my next meeting": (look("meeting", completed=False, sort="due", limit=200),),
    "what is my next appointment": (look("appointment", completed=False, sort="due", limit=200),),
    **dict.fromkeys(
        ["cancel my 3pm reminder", "cancel the reminder for 3 pm"],
        (look(completed=False, sort="due", limit=200), deleted(3)),
    ),
    "move my 3pm reminder to 4pm": (
        look(completed=False, sort="due", limit=200),
        updated(3, due_at="2026-11-22T16:00:00"),
    ),
    **dict.fromkeys(
        ["cancel tomorrow's reminder", "delete the reminder for tomorrow"],
        (
            look(completed=False, sort="due", limit=200, due_after="2026-11-23", due_before="2026-11-24"),
            deleted(4),
        ),
    ),
    "cancel tomorrow's reminders": (
        look(limit=200, due_after="2026-11-23", due_before="2026-11-24"),
        deleted(4),
    ),
    **dict.fromkeys(
        ["delete the last reminder i set", "cancel the reminder i just set"],
        (look(completed=False, limit=1), deleted(6)),
    ),
    "complete the last task i added": (look(completed=False, limit=1), done(6)),
    "milk goes on my shopping list": (add("Milk", place="Shopping"),),
    **dict.fromkeys(
        [
            "can eggs be added to my shopping list",
            "my shopping list needs eggs",
            "update my shopping list with eggs",
            "shopping list, add eggs",
        ],
        (add("Eggs", place="Shopping"),),
    ),
    "make ironing part of my to do list": (add("Ironing"),),
    "i'm out of eggs so they need to be put on the list": (add("Eggs"),),
    "make a note to buy eggs": (add("Buy eggs"),),
    **dict.fromkeys(
        [
            "i got the milk so remove it from the shopping list",
            "milk is no longer needed on my shopping list",
            "milk can come off my shopping list",
        ],
        (look("milk", place="shopping"), deleted(5)),
    ),
    "i don't need the gym anymore, but i do need yoga": (add("Yoga"), look("gym"), deleted(6)),
    "replace milk with cream on my shopping list": (
        look("milk", place="shopping"),
        updated(5, title="Cream"),
    ),
}
# Other words for a reminder, and for what goes on a list or off it.
MEANT: dict[str, tuple[Call, ...]] = {
    **dict.fromkeys(
        ["help me remember to feed the cat", "nudge me to feed the cat", "keep reminding me to feed the cat"],
        (add("Feed the cat"),),
    ),
    **dict.fromkeys(
        ["create a shopping list with tea and jam", "tea and jam on the shopping list, please"],
        (add("Tea", place="Shopping"), add("Jam", place="Shopping")),
    ),
    "make ironing a task": (add("Ironing"),),
    "add to reminders feed the cat": (add("Feed the cat"),),
    "milk is bought, take it off my shopping list": (look("milk", place="shopping"), deleted(5)),
    "update my reminder for the gym to 5pm": (look("gym"), updated(6, due_at="2026-11-27T17:00:00")),
    "verify that milk is on my shopping list": (look("milk", place="shopping"),),
    **dict.fromkeys(
        [
            "what do you have to remind me about",
            "what was i supposed to be reminded of",
            "remind me of what i have to do",
            "what am i supposed to be doing",
            "what else needs to be done",
            "where is my to do list",
            "can we go over my list",
        ],
        (look(completed=False),),
    ),
    "bring up my shopping list and add tea": (add("Tea", place="Shopping"),),
    "get my shopping list and delete milk from it": (look("milk", place="shopping"), deleted(5)),
    "would you mind adding tea to my shopping list": (add("Tea", place="Shopping"),),
    "there is no more tea so put it on the shopping list": (add("Tea", place="Shopping"),),
    "i forgot what's on my shopping list": (look(place="shopping", completed=False),),
    "remind me of my tasks": (look(completed=False),),
    "did you put milk on my shopping list": (look("milk", place="shopping"),),
    "have i finished everything on my shopping list": (look(completed=False, place="shopping"),),
}
PLANNED = [
    *(Said(text, calls, (), TASKS) for text, calls in MEANT.items()),
    Said("change mom to dad", (look("mom"),), ("Shall I rename “Call mom”?",), TASKS),
    Said("yes", (updated(2, title="Call dad"),), (), TASKS, ("change mom to dad",)),
    Said("change call mom to call dad", (look("mom"), updated(2, title="Call dad")), (), TASKS),
    Said("rename mom to dad", (look("mom"), updated(2, title="Dad")), (), TASKS),
    Said("i don't need to call mom anymore", (look("mom"),), ("Shall I delete “Call mom”?",), TASKS),
    Said("move my reminder to tomorrow", (look(limit=25),), ("Which one do you mean?",), TASKS),
    Said("i need a new list", (), ("comes into being",), TASKS),
    Said("put a reminder on my calendar", (), ("What would you like to add?",), TASKS),
    Said("i need to set a reminder", (), ("What would you like to add?",), TASKS),
    *(Said(text, calls, (), TASKS) for text, calls in ANSWERED.items()),
    # What is not sure is asked, and nothing changed.
    Said("delete the last reminder", (look(completed=False, limit=1),), ("Do you mean “Gym”?",), TASKS),
    Said(
        "delete the next meeting",
        (look("meeting", completed=False, sort="due", limit=200),),
        ("Do you mean “Meeting with Tom”?",),
        TASKS,
    ),
    Said("cancel the second reminder", (look(limit=25),), ("Which one do you mean?",), TASKS),
    Said("cancel this reminder", (look(limit=25),), ("Which one do you mean?",), TASKS),
    Said("i need to cancel all my reminders", (look(limit=25),), ("Shall I delete these 7 tasks?",), TASKS),
    Said("clear out my reminders", (look(limit=25),), ("Shall I delete these 7 tasks?",), TASKS),
    Said("get rid of my current reminders", (look(limit=25),), ("Shall I delete these 7 tasks?",), TASKS),
    Said("replace mom with dad on my list", (look("mom"),), ("Shall I rename “Call mom”?",), TASKS),
    Said("Set a reminder for 35 minutes from now please", (), ("What would you like to add?",), TASKS),
    Said("delete the reminders i set today", (look("today"), look(limit=200)), ("no task like",), TASKS),
    Said("yes", (updated(2, title="Call dad"),), (), TASKS, ("replace mom with dad on my list",)),
]

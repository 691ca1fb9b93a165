# commands/seed_texts.py -- what the invented user of `parley seed` writes, plans and reads.

TASKS = (
    *("Book a dentist appointment", "Renew the passport", "Pay the electricity bill", "Water the plants"),
    *("Call the landlord about the heating", "Buy a birthday present for Mia", "Send the tax return"),
    *("Order new running shoes", "Fix the bicycle light", "Plan the trip to Lisbon", "Read the lease"),
    *("Back up the laptop", "Clean the oven", "Return the library books", "Write to grandmother"),
    *("Prepare the quarterly report", "Review the budget", "Invite the team to lunch", "Update the résumé"),
    *(
        "Cancel the gym membership",
        "Buy milk and bread",
        "Pick up the parcel",
        "Change the smoke alarm battery",
    ),
)
PLACES = ("at home", "at work", "in town", "online", "for Anna", "for the office", "before the holidays")
NOTES = (
    "2 litres",
    "Ask for a receipt.",
    "The number is on the fridge.",
    "Not before Monday.",
    "Bring the old one.",
)
LISTS = ("Home", "Shopping", "Work")
TITLES = (
    *("Groceries", "Week plan", "Moving house", "Trip to {place}", "Taxes", "Birthday of {name}", "Garden"),
    *("Ideas for {place}", "Work: {name}'s project", "Doctor's appointments", "Reading list", "Budget"),
)
PLACE_NAMES = ("Lisbon", "Oslo", "Kraków", "Naples", "the coast", "the mountains", "Kyoto")
NAMES = ("Mia", "Anna", "José", "Tom", "Zoë", "Ben", "Lea")

# A message of the user, and the agent's answer to it.
EXCHANGES = (
    ("thanks!", "You are welcome."),
    ("good morning", "Good morning! What shall we get done today?"),
    (
        "what should I do first for {place}?",
        "I would begin with what others wait for:\n\n1. Ask {name} for the dates.\n2. Book the trains.\n3. Pack.",
    ),
    (
        "can you summarise what we said about {place}?",
        "In short: **{place}** in spring, with {name}, by train. The budget is still open.",
    ),
    (
        "{name} is ill, what can wait?",
        "Nothing is due today. I would move the call with {name} to next week.",
    ),
    ("how do I format a list?", "Begin each line with a dash:\n\n```\n- first\n- second\n```"),
    ("write a short note to {name}", "> Dear {name}, I think of you, and see you in {place} soon."),
    ("is {place} nice in autumn?", "Many people like {place} in autumn: it is quieter, and rooms cost less."),
    (
        "remind me what you can do",
        "I can add, find, change, complete and delete tasks, and I remember our talk.",
    ),
)
ADDING = ("add {title}", "please put “{title}” on my list", "I need to do this: {title}", "new task: {title}")
ADDED = ("Added “{title}”.", "“{title}” is on your list now.", "Done: I added “{title}”.")
LISTING = ("what is on my list?", "what is still open?", "show me my tasks", "anything left for this week?")
LISTED = ("You have these open tasks:\n{lines}", "Still open:\n{lines}", "This is what I found:\n{lines}")

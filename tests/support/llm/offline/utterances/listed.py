# support/llm/offline/utterances/listed.py -- what people say of their lists: what is on them, and what goes on and off.
from support.llm.offline.utterances.said import EVERYTHING, FRIDAY, HOME, Call, Said, add, deleted, done, look


def buy(*titles: str, place: str = "Shopping", **more: str) -> tuple[Call, ...]:
    return tuple(add(title, place=place, **more) for title in titles)


ITEMS: dict[str, tuple[Call, ...]] = {
    "put eggs and bread on the shopping list": buy("Eggs", "Bread"),
    "add milk, eggs and bread to my shopping list": buy("Milk", "Eggs", "Bread"),
    "add milk, eggs, and bread to my grocery list": buy("Milk", "Eggs", "Bread", place="Grocery"),
    "i need soap & towels on my shopping list": buy("Soap", "Towels"),
    "put a dozen eggs and two loaves of bread on the shopping list": buy(
        "A dozen eggs", "Two loaves of bread"
    ),
    "add 2 liters of milk and a bag of rice to the shopping list": buy("2 liters of milk", "A bag of rice"),
    "put tent and stove on the camping list": buy("Tent", "Stove", place="Camping"),
    # What is one thing, and adjectives of one.
    "add mac and cheese to my shopping list": buy("Mac and cheese"),
    "add salt and pepper and milk to the shopping list": buy("Salt and pepper", "Milk"),
    "add apples, mac and cheese and paper towels to my shopping list": buy(
        "Apples", "Mac and cheese", "Paper towels"
    ),
    "add red and green peppers and light bulbs to the shopping list": buy(
        "Red and green peppers", "Light bulbs"
    ),
    # What is done with two things is one thing to do.
    "add review budget and slides to the work list": buy("Review budget and slides", place="Work"),
    "add call mom and dad to my errands list": buy("Call mom and dad", place="Errands"),
    "add buy milk and eggs to my shopping list": buy("Buy milk and eggs"),
    # The main list has things to do on it.
    "add eggs and bread to my list": (add("Eggs and bread"),),
    # A date is that of all, and each list has what stands before it.
    "add milk and eggs to the grocery list tomorrow": buy(
        "Milk", "Eggs", place="Grocery", due_on="2026-11-23"
    ),
    "add eggs to the shopping list and bread to the grocery list": (
        *buy("Eggs"),
        *buy("Bread", place="Grocery"),
    ),
    "add eggs to my shopping list and bread": buy("Eggs", "Bread"),
    "add eggs to my shopping list and call mom": (*buy("Eggs"), add("Call mom")),
}

SHOP = ("Rice @ Shopping", "Soap @ Shopping", "Tent @ Camping", "Call Ann", "[x] Tea @ Shopping")
OPEN = look(completed=False, place="shopping")

ADDED = {
    "put rice on the shopping list": add("Rice", place="Shopping"),
    "add soap to my list of things to buy": add("Soap", place="Shopping"),
    "please include a torch on our camping trip list": add("A torch", place="Camping trip"),
    "onions need to go on my grocery list": add("Onions", place="Grocery"),
    "my shopping list should have lemons on it": add("Lemons", place="Shopping"),
    "on my packing list, add socks": add("Socks", place="Packing"),
    "we're out of coffee, put it on the shopping list": add("Coffee", place="Shopping"),
    "i have to iron the shirts, add that to my to-do list": add("Iron the shirts"),
    "can you write dust the shelves on my list of chores": add("Dust the shelves", place="Chores"),
    "put sweep the porch on to do list": add("Sweep the porch"),
    "set up a reminder so i don't forget to post the letter": add("Post the letter"),
    "i have to sweep the porch so add it": add("Sweep the porch"),
    "i want to be reminded to feed the fish": add("Feed the fish"),
    "reminder to charge the drill": add("Charge the drill"),
    "i need to wash the dog, give me a reminder": add("Wash the dog"),
}
ASKED_WHAT = [
    "i need a reminder",
    "how about a reminder",
    "can you set a reminder for me",
    "remind me of something",
    "add something to my shopping list",
    "add this event to my list",
]
SEEN = [
    "what is on my to do list",
    "read my reminders to me",
    "tell me what's on the list of things to do",
    "let me know what's on my list",
    "go over my list",
    "what are my upcoming reminders",
    "is there anything on my list",
    "do i have any reminders",
]
LISTED = [
    *(Said(text, calls) for text, calls in ITEMS.items()),
    Said("put tea on the shopping list", buy("Tea"), ("(SHOPPING)",), ("Rice @ SHOPPING",)),
    *(Said(text, (call,)) for text, call in ADDED.items()),
    *(Said(text, (), ("What would you like to add?",)) for text in ASKED_WHAT),
    *(Said(text, (look(completed=False),), ("You have 4 open tasks",), HOME) for text in SEEN),
    Said("what's on my shopping list?", (OPEN,), ("2 open tasks on the list “Shopping”", "1. Soap"), SHOP),
    Said(
        "what is on the garden list",
        (look(completed=False, place="garden"),),
        ("no open task on the list “garden”",),
        SHOP,
    ),
    Said(
        "how many things are on my camping list?",
        (look(limit=200, place="camping"),),
        ("1 open task and no completed tasks on the list “Camping”",),
        SHOP,
    ),
    Said(
        "is soap on my shopping list",
        (look("soap", place="shopping"),),
        ("“Soap” (Shopping) is still open.",),
        SHOP,
    ),
    Said("is bread on my list", (look("bread"), EVERYTHING), ("“bread” is not on your list.",), SHOP),
    Said(
        "did i put rope on the camping list",
        (look("rop", place="camping"), look("rop"), EVERYTHING),
        ("not on the list “camping”",),
        SHOP,
    ),
    Said(
        "remove soap from my shopping list",
        (look("soap", place="shopping"), deleted(2)),
        ("Deleted “Soap”.",),
        SHOP,
    ),
    Said("take the tent off the camping list", (look("tent", place="camping"), deleted(3)), (), SHOP),
    Said(
        "cross out rice from shopping list",
        (look("ric", completed=False, place="shopping"), done(1)),
        (),
        SHOP,
    ),
    Said(
        "delete call ann from the camping list",
        (look("ann", place="camping"), look("ann"), deleted(4)),
        ("on your main list",),
        SHOP,
    ),
    Said(
        "delete tent from my shopping list",
        (look("tent", place="shopping"), look("tent")),
        ("no task on the list “shopping”", "mean “Tent”"),
        SHOP,
    ),
    Said(
        "finish everything on the shopping list",
        (look(completed=False, limit=200, place="shopping"), done(2), done(1)),
        (),
        SHOP,
    ),
    Said("clear my camping list", (look(limit=200, place="camping"), deleted(3)), (), SHOP),
    Said("make my list blank", (look(limit=25),), ("Shall I delete these 5 tasks?",), SHOP),
    Said("cancel all my reminders", (look(limit=25),), ("Shall I delete these 5 tasks?",), HOME),
    Said(
        "cancel all reminders for friday", (look(limit=200, day=FRIDAY),), ("no task due Friday",), ("a", "b")
    ),
    Said("cancel my reminder to call mom tomorrow", (look("mom"), deleted(2)), (), HOME),
    Said(
        "is rice on my shopping list, if not add it",
        (look("ric", completed=False, place="shopping"),),
        ("already",),
        SHOP,
    ),
    Said("add salt to my list if it's not there", (look("salt", completed=False), add("Salt")), (), SHOP),
    Said("create a holiday list", (), ("comes into being with the first thing on it",)),
    Said("make a new list", (), ("comes into being",)),
]

# support/llm/offline/utterances/itemized.py -- several things at once for a list, which become a task each.
from support.llm.offline.utterances.said import Call, Said, add


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
THERE = ("Rice @ SHOPPING",)
ITEMIZED = [
    *(Said(text, calls) for text, calls in ITEMS.items()),
    Said("put tea on the shopping list", buy("Tea"), ("(SHOPPING)",), THERE),
]

# support/llm/offline/utterances/meant.py -- what is no task beyond doubt, and what does not name one: asked, not done.
from support.llm.offline.utterances.said import HOME, Said, add, deleted, done, look, updated

# Said to a device, a service or an assistant that knows more; and things of which the verb was left out.
OFFERED = [
    "turn off the kitchen lights",
    "set the alarm",
    "play the next song",
    "make a list of guests",
    "make me a sandwich",
    "read the news",
    "tell me a story",
    "give me the score of yesterday",
    "open the garage door",
    "translate good morning",
    "can you buy milk",
    "please call mom",
    "i want you to water the plants",
    "alexa, clean the garage",
    "i want to hear some music",
    "i have to hear the forecast",
    "i need to find out how tall it is",
    "plant all your flowers in april",
    "add this one to my playlist",
    "add 300 euros to my account",
    "call mom and tell me the time",
    "optician appointment",
    "bla bla",
]
# What only a person can do, by hand or among people.
MEANT = {
    "water the plants": "Water the plants",
    "check on grandma": "Check on grandma",
    "go to the post office": "Go to the post office",
    "change the tires": "Change the tires",
    "do the dishes": "Do the dishes",
    "make a dental appointment": "Make a dental appointment",
    "give Tom his umbrella": "Give Tom his umbrella",
    "buy new speakers": "Buy new speakers",
    "fix the light in the hall": "Fix the light in the hall",
    "I need to read the contract": "Read the contract",
    "remind me to turn off the heating": "Turn off the heating",
}
SHED = ("Light bulbs for the shed", "Alarm clock batteries", "Send the plan to Olga", "Buy timer")

ASKING = [
    *(Said(text, (), ("Shall I add",), HOME) for text in OFFERED),
    *(Said(text, (add(title),)) for text, title in MEANT.items()),
    Said("yes", (add("Turn off the kitchen lights"),), (), (), ("turn off the kitchen lights",)),
    Said("add it", (add("Optician appointment"),), (), (), ("optician appointment",)),
    Said("no", (), ("left everything",), (), ("turn off the kitchen lights",)),
    Said("add eggs", (add("Eggs"),), (), (), ("turn off the kitchen lights",)),
    # One word in common with a title names no task, and what is said to a device changes none.
    Said("change the light to green", (look("light"),), ("Do you mean",), SHED),
    Said("delete my alarm", (look("alarm"),), ("Do you mean “Alarm clock batteries”?",), SHED),
    Said("set my alarm for 6 am", (look("alarm"),), ("Do you mean “Alarm clock batteries”?",), SHED),
    Said("set the timer for 5 pm", (look("timer"),), ("Shall I reschedule “Buy timer”?",), SHED),
    Said("rename timer to alarm", (look("timer"),), ("Shall I rename “Buy timer”?",), SHED),
    Said("yes", (deleted(2),), (), SHED, ("delete my alarm",)),
    Said("delete the plan to Olga", (look("olga"), deleted(3)), (), SHED),
    Said("delete my saved light", (look("light"), look(limit=200)), ("no task like",), SHED[1:]),
    # Of more than three tasks the number is shown, and the question asked.
    Said("complete all", (look(completed=False, limit=25),), ("Shall I complete these 4 tasks?",), HOME),
    Said("yes", (done(5), done(3), done(2), done(1)), (), HOME, ("complete all",)),
    Said("no", (), ("left everything",), HOME, ("complete all",)),
    Said("delete my list", (look(limit=25),), ("Shall I delete these 5 tasks?\n- “Salt and pepper”",), HOME),
    Said("delete them", (), ("Shall I delete these 4 tasks?",), HOME, ("show my tasks",)),
    Said("rename timer to Buy stopwatch", (look("timer"),), (), SHED),
    Said("yes", (updated(4, title="Buy stopwatch"),), (), SHED, ("rename timer to Buy stopwatch",)),
]

# llm/offline/choices.py -- the replies that a question offers: whichever is sent as it stands answers it
from dataclasses import replace

from llm.offline.dialogue_state import Question
from llm.offline.parsing.intents import Intent
from llm.offline.replies import Voice
from llm.offline.sentences import questions


def add_choices(question: Question, voice: Voice) -> Question:
    return replace(question, choices=list_choices(question, voice))


def list_choices(question: Question, voice: Voice) -> tuple[str, ...]:
    """ "Yes" and "No", the options as they are numbered, or days to move to; none where only own words will do."""
    if asks_for_yes(question):
        return voice.say(questions.YES), voice.say(questions.NO)
    if question.options:
        return tuple(f"{n}. {voice.shorten_title(task.title)}" for n, task in enumerate(question.options, 1))
    if question.intent.verb == "move":
        return tuple(voice.say(day) for day in questions.DAYS)
    return ()


def asks_for_yes(question: Question) -> bool:
    return bool(question.intent.drafts) or question.together or len(question.options) == 1


def take_choice(message: str, question: Question) -> list[Intent] | None:
    """What the reply means that the message is word for word; None for other words, and for a day."""
    reply = message.strip()
    if reply not in question.choices:
        return None
    place = question.choices.index(reply)
    if asks_for_yes(question):
        if place > 0:
            return [Intent("say", text="left")]
        chosen = question.options
    elif question.options:
        chosen = question.options[place : place + 1]
    else:
        return None
    return [replace(question.intent, tasks=chosen, sure=True), *question.rest]

# test_language_choice.py -- in which language the offline model reads a message and answers it
import asyncio
from collections.abc import Callable

import pytest

from llm.offline.languages.detection import detect_language
from llm.offline.model import OfflineModel
from llm.offline.sentences.sentence import LANGUAGES, Language
from llm.protocol import ModelEvent, ModelRequest, TextDelta, ToolCall, UserTurn
from support.llm.offline.talk import NAMES, NOW, Talk, make_specs, talk
from support.processor_time import cost

ONLY_THESE = "I understand English, German, French and Spanish only, so I have changed nothing."


@pytest.mark.parametrize(
    "text",
    [
        "Aggiungi il latte alla lista della spesa",
        "Ricordami di comprare il pane domani",
        "Adicione leite à minha lista de tarefas",
        "Voeg melk toe aan mijn boodschappenlijst",
        "Dodaj mleko do mojej listy na jutro",
        "Lägg till mjölk på min lista",
        "Добавь молоко в список",
        "牛乳をリストに追加して",
        "أضف الحليب إلى القائمة",
    ],
)
def test_a_language_that_is_not_known_is_told_which_ones_are_and_changes_nothing(text: str) -> None:
    calls, answer = talk("Milk").say(text)
    assert calls == []
    assert answer == ONLY_THESE


def test_the_answer_of_somebody_whose_language_is_not_known_is_in_that_of_the_conversation() -> None:
    conversation = talk()
    conversation.say("Zeig mir meine Aufgaben")
    _, answer = conversation.say("Добавь молоко в список")
    assert answer.startswith("Ich verstehe nur Englisch, Deutsch, Französisch und Spanisch")


def test_words_of_any_script_are_titles_after_a_known_verb_or_a_question() -> None:
    [call], _ = talk().say("add 牛乳を買う")
    assert call.arguments == {"title": "牛乳を買う"}
    conversation = talk()
    conversation.say("add")
    [call], _ = conversation.say("купить молоко")
    assert call.arguments == {"title": "Купить молоко"}


@pytest.mark.parametrize(
    ("first", "then", "words"),
    [
        ("Zeig mir meine Aufgaben", "2", "ist noch offen"),
        ("Montre-moi mes tâches", "2", "c'est encore à faire"),
        ("Muéstrame mis tareas", "2", "sigue pendiente"),
        ("Zeig mir meine Aufgaben", "help", "I keep your list of tasks"),
        ("What is on my list?", "Merci", "De rien"),
    ],
)
def test_words_that_do_not_tell_are_in_the_language_of_the_message_before(
    first: str, then: str, words: str
) -> None:
    conversation = talk("Anna", "Bruno")
    conversation.say(first)
    _, answer = conversation.say(then)
    assert words in answer


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        (None, "There is nothing that I can undo."),
        ("en-GB", "There is nothing that I can undo."),
        ("de", "Es gibt nichts, was ich rückgängig machen kann."),
        ("fr-CA", "Il n'y a rien que je puisse annuler."),
        ("es-419", "No hay nada que pueda deshacer."),
        ("ja", "There is nothing that I can undo."),
    ],
)
def test_at_first_words_that_do_not_tell_are_in_the_language_of_the_profile(
    profile: str | None, words: str
) -> None:
    assert talk(language=profile).say("undo")[1] == words


@pytest.mark.parametrize("text", ["ok", "hi", "stop", "2", "undo", "OK!"])
def test_what_people_of_every_language_say_tells_nothing(text: str) -> None:
    assert [detect_language(text, language) for language in LANGUAGES] == list(LANGUAGES)


def test_the_words_of_a_sentence_tell_more_than_the_profile_and_the_conversation_tells_more_than_it() -> None:
    conversation = talk("Milk", language="de")
    assert conversation.say("delete milk")[1] == "Deleted “Milk”."
    assert conversation.say("ok")[1].startswith("Good.")


def test_a_region_in_the_profile_decides_the_order_of_day_and_month() -> None:
    for language, due in {"en-US": "2027-08-05", "en-GB": "2027-05-08", "de": "2027-05-08"}.items():
        [call], _ = talk(language=language).say("call mom on 8/5")
        assert call.arguments == {"title": "Call mom", "due_on": due}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Buy Die Zeit at the kiosk", "en"),
        ("add tarte aux pommes to my list", "en"),
        ("call Al and book Las Vegas", "en"),
        ("remind me to pour la la land drinks", "en"),
        ("Füge buy milk zu meiner Liste hinzu", "de"),
        ("ajoute Homework à ma liste", "fr"),
        ("añade Netflix a la lista", "es"),
        ("loesche die Aufgabe", "de"),
        ("recuerdame manana comprar pan", "es"),
        ("rappelle moi demain de telephoner", "fr"),
    ],
)
def test_a_title_in_another_language_does_not_change_that_of_the_sentence(
    text: str, language: Language
) -> None:
    assert detect_language(text, "en") == language


def ask(model: OfflineModel, conversation: Talk) -> list[ModelEvent]:
    async def respond() -> list[ModelEvent]:
        request = ModelRequest("", conversation.turns, make_specs(NAMES), NOW, "UTC")
        return [event async for event in model.respond(request)]

    return asyncio.run(respond())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Füge Milch hinzu und lösche das Brot", "Das ist mir zu lang oder zu kompliziert"),
        ("Ajoute du lait et supprime le pain", "C'est trop long ou trop compliqué"),
        ("Añade leche y borra el pan", "Es demasiado largo o complicado"),
    ],
)
def test_past_its_budget_a_message_changes_nothing_and_is_told_so_in_its_language(
    text: str, words: str
) -> None:
    conversation = talk("Brot")
    conversation.turns.append(UserTurn(text))
    events = ask(OfflineModel(seconds=0), conversation)
    assert not [event for event in events if isinstance(event, ToolCall)]
    assert "".join(event.text for event in events if isinstance(event, TextDelta)).startswith(words)


LONG = [
    "Füge Milch hinzu und ",
    "lösche die Milch, ",
    "erinnere mich daran, ",
    "morgen um 8 Uhr ",
    "- Milch kaufen\n",
    "ajoute du lait et ",
    "demain à 8h ",
    "l'",
    "añade leche y ",
    "mañana a las 8 ",
    "¿",
    "ä",
    "e\u0301\u0323",
]


@pytest.mark.parametrize("part", LONG)
def test_a_message_twice_as_long_costs_at_most_about_twice_as_much(part: str) -> None:
    def answered(length: int) -> Callable[[], object]:
        conversation = talk()
        conversation.turns.append(UserTurn(("Bitte la le " + part * length)[:length]))
        return lambda: ask(OfflineModel(seconds=60), conversation)

    for length in (1_000, 16_000):
        half, whole = cost(answered(length)), cost(answered(2 * length))
        assert whole < max(3 * half, 0.05)

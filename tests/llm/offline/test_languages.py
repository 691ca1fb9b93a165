# test_languages.py -- German, French and Spanish: what is called, what is said, in which language
import pytest

from llm.offline.languages.detection import detect_language
from llm.offline.sentences.sentence import Language
from support.llm.offline.talk import talk
from support.llm.offline.utterances import TABLE, french, german, spanish
from support.llm.offline.utterances.named_lists import NAMED_LISTS
from support.llm.offline.utterances.said import Said

TABLES: dict[Language, list[Said]] = {
    language: [
        *(Said(text, tuple(calls)) for text, calls in words.ADDING.items()),
        *(Said(text, tuple(calls), (), words.TASKS) for text, calls in words.LOOKING.items()),
        *words.CHANGING,
        *words.PLANNING,
        *words.TALKING,
        *NAMED_LISTS[language],
    ]
    for language, words in (("de", german), ("fr", french), ("es", spanish))
}
NOTHING: dict[Language, list[str]] = {"de": german.NOTHING, "fr": french.NOTHING, "es": spanish.NOTHING}
ROWS = [(language, said) for language, rows in TABLES.items() for said in rows]


@pytest.mark.parametrize(
    ("language", "said"), ROWS, ids=[f"{name}: {said.text[:60]!r}" for name, said in ROWS]
)
def test_an_utterance_leads_to_exactly_these_calls(language: Language, said: Said) -> None:
    conversation = talk(*said.tasks)
    for text in said.before:
        conversation.say(text)
    calls, answer = conversation.say(said.text)
    assert [(call.name, call.arguments) for call in calls] == list(said.calls)
    for words in said.words:
        assert words in answer
    assert detect_language(answer, language) == language


@pytest.mark.parametrize(
    ("language", "text"), [(language, text) for language, texts in NOTHING.items() for text in texts]
)
def test_what_is_no_request_about_tasks_changes_nothing_and_is_answered_in_its_language(
    language: Language, text: str
) -> None:
    tasks = {"de": german.TASKS, "fr": french.TASKS, "es": spanish.TASKS}[language]
    calls, answer = talk(*tasks).say(text)
    assert [call.name for call in calls if call.name != "list_tasks"] == []
    assert detect_language(answer, language) == language


def test_each_language_has_sentences_enough_to_mean_something() -> None:
    assert min(len(rows) for rows in TABLES.values()) >= 110
    assert min(len(rows) for rows in NAMED_LISTS.values()) >= 48
    assert min(len(texts) for texts in NOTHING.values()) >= 40


def test_english_is_not_taken_for_another_language() -> None:
    texts = [said.text for said in TABLE if len(said.text.split()) > 1]
    assert {text for text in texts if detect_language(text, "en") != "en"} == set()

# llm/offline/languages/detection.py -- tells by its words in which language a message is written
import re
from collections import Counter

from dates.calendars.folding import fold_text, fold_word
from llm.offline.languages.grammar import Grammar
from llm.offline.languages.registry import GRAMMARS
from llm.offline.parsing.vocabulary import VERBS
from llm.offline.sentences.sentence import Language

_MAX_CHARACTERS = 400  # of a message that are looked at
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ELISION = re.compile(r"(?:[cdjlmnst]|qu)'")  # of French
_FIRST_WORD_COUNTS = 1.5  # a verb at the beginning tells more than a word that several languages have
# Letters of one language, and endings that decide between two which are as likely.
_LETTERS: dict[Language, re.Pattern[str]] = {
    "de": re.compile(r"[äöß]", re.I),
    "fr": re.compile(r"[çœêèâîôë]", re.I),
    "es": re.compile(r"[ñ¿¡áíóú]", re.I),
}
_LOOKS: dict[Language, re.Pattern[str]] = {
    "de": re.compile(r"(?:en|ung|lich|keit|heit|sch|st)\b"),
    "fr": re.compile(r"(?:tion|er|ez|eau|eux|ee|que|ment|oir)\b"),
    "es": re.compile(r"(?:cion|ar|[aio]d[ao]s?|ando|iendo|[lnrt][ao]s?)\b"),
}
_ENGLISH = frozenset("""
    the a an and or not is are was were am be been i you he she it we they my your his her our their this that these
    those to of
    for in on at with from by about what how when where who which why do does did done have has had can could will
    would should
    please me add show list delete remove remind mark move rename tasks task today tomorrow tonight next all every
    need want let
    hello hi thanks thank yes no don't isn't what's if there some any up off out now todo i'd i'll i'm i've let's
    what's left never mind
    """.split())  # fmt: skip
# What people of every language say to a program: it tells nothing of theirs.
_ANYWHERE = frozenset("ok okay undo stop hi".split())
_ENGLISH_VERBS = VERBS | frozenset(
    "describe list mark note rename reopen remind reschedule postpone show tick todo undo what's".split()
)
# Words of languages that the model does not know, so that it can say so.
_OTHERS: dict[str, frozenset[str]] = {
    "it": frozenset("il lo gli che di per una sono mi mio mia aggiungi ricordami della alla nella dei domani oggi "
                    "comprare cosa devo "
                    "elimina cancella mostrami tutti tutte ho non come latte lista".split()),
    "pt": frozenset("o os um uma nao para com em do da ao meu minha meus minhas adicionar adicione lembre lembra "
                    "amanha hoje que "
                    "eu voce tarefas tarefa apague mostre quais sao tenho fazer".split()),
    "nl": frozenset("het een niet mijn ik voor naar van voeg toe aan herinner mij me vandaag wat moet doen "
                    "verwijder laat zien de "
                    "op lijst taken taak boodschappenlijst".split()),
    "pl": frozenset("nie jest na do moje moja dodaj pokaz przypomnij mi jutro dzisiaj zadania zadanie co mam kup "
                    "usun lista".split()),
    "sv": frozenset("och att det en ett inte jag min mina lagg till pa paminn mig imorgon idag ta bort visa handla "
                    "vad har".split()),
    "da": frozenset("og at det en et ikke jeg min mine tilfoj til pa mig morgen dag slet vis kob hvad".split()),
    "tr": frozenset("bir ve bu icin ekle hatirlat bana yarin bugun sil goster gorev listeme neler var yapmam".split()),
    "ro": frozenset("si nu este un pentru adauga aminteste mi maine azi sterge arata lista mea ce am de facut".split()),
}  # fmt: skip
_NAMED = ("weekday", "month", "near", "part", "hour")  # of a calendar: names that only its language has
_KNOWN: dict[str, frozenset[str]] = {
    "en": _ENGLISH | _ENGLISH_VERBS,
    **{
        language: grammar.words.union(grammar.verbs, *(grammar.calendar.values[name] for name in _NAMED))
        for language, grammar in GRAMMARS.items()
    },
}
_SHARED = Counter(word for words in [*_KNOWN.values(), *_OTHERS.values()] for word in words)


def detect_language(text: str, earlier: Language) -> Language | None:
    """The language of a message; the earlier one where its words do not tell, None for one that is not known."""
    folded = fold_text(text[:_MAX_CHARACTERS]).lower()
    words = [fold_word(word) for word in _WORD.findall(folded)]
    if _ANYWHERE.issuperset(words):
        return earlier
    scores = {language: _count_words(words, known) for language, known in _KNOWN.items()}
    if words:
        scores["en"] += _FIRST_WORD_COUNTS * (words[0] in _ENGLISH_VERBS)
        for language, grammar in GRAMMARS.items():
            scores[language] += _FIRST_WORD_COUNTS * _is_verb(words[0], grammar)
    scores["fr"] += sum(1 for word in words if _ELISION.match(word))
    for language, looks in _LETTERS.items():
        scores[language] += bool(looks.search(text[:_MAX_CHARACTERS]))
    best = max(scores.values())
    others = [other for other in _OTHERS.values() if len(other.intersection(words)) > 1]
    if any(_count_words(words, other) > best for other in others) or (not best and _is_foreign(text)):
        return None
    if not best or scores[earlier] == best:
        return earlier
    if scores["en"] == best:
        return "en"
    return max(
        GRAMMARS,
        key=lambda language: (scores[language], len(_LOOKS[language].findall(folded))),
        default=earlier,
    )


def _is_verb(word: str, grammar: Grammar) -> bool:
    """Whether the word is a verb of the language, with another word at its end or without."""
    if word in grammar.verbs:
        return True
    return any(word.endswith(end) and word.removesuffix(end) in grammar.verbs for end in grammar.enclitics)


def _count_words(words: list[str], known: frozenset[str]) -> float:
    """How many of the words a language has; one that other languages have too counts for less."""
    return sum(1 / _SHARED[word] for word in words if word in known)


def _is_foreign(text: str) -> bool:
    """Whether most letters are of another script."""
    letters = [letter for letter in text[:_MAX_CHARACTERS] if letter.isalpha()]
    return 2 * sum(letter > "\u024f" for letter in letters) > len(letters)

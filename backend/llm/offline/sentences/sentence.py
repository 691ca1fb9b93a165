# llm/offline/sentences/sentence.py -- a sentence of the offline model in each of its languages
from dataclasses import dataclass
from typing import Literal, get_args

Language = Literal["en", "de", "fr", "es"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
_BETWEEN_FORMS = " | "


def find_language(tag: str | None) -> Language:
    """The language of a tag of BCP 47; English for none, and for one that the model does not speak."""
    first = (tag or "").partition("-")[0]
    return next((language for language in LANGUAGES if language == first), "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """What the offline model says, once in each language, with {slots} for what is known only then.

    "one | many" are two forms and "none | one | many" three: the count chooses, and {count} shows it.
    """

    en: str
    de: str
    fr: str
    es: str

    def choose_form(self, language: Language, count: int) -> str:
        texts: dict[Language, str] = {"en": self.en, "de": self.de, "fr": self.fr, "es": self.es}
        forms = texts[language].split(_BETWEEN_FORMS)
        if count == 0 and len(forms) == 3:
            return forms[0]
        return forms[-2] if count == 1 and len(forms) > 1 else forms[-1]

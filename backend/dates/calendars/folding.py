# dates/calendars/folding.py -- text without accents, and patterns and tables of words that are matched with it
import re
import unicodedata
from collections.abc import Iterable, Mapping

# A letter with an accent, or a curly quotation mark, becomes the plain one: one character stays one character, so that
# what a pattern finds in folded text has the same place in the text as it was written.
_FOLDED = {
    code: base
    for code in range(0xC0, 0x180)
    if (base := unicodedata.normalize("NFD", chr(code))[0]) != chr(code) and base.isascii()
} | {ord("’"): "'", ord("‘"): "'", ord("„"): '"', ord("“"): '"', ord("”"): '"', ord("«"): '"', ord("»"): '"'}
_PART = re.compile(r"(?<!P)<(\w+)>")
_MAX_NESTED = 4  # parts within parts

# In a pattern an umlaut matches the letter alone or with an e: "übermorgen" is also typed "uebermorgen".
_UMLAUTS = {"ä": "ae?", "ö": "oe?", "ü": "ue?", "ß": "(?:ß|ss)"}

Rules = tuple[tuple[str, re.Pattern[str]], ...]


def fold_text(text: str) -> str:
    return text.translate(_FOLDED)


def fold_word(word: str) -> str:
    """The form under which tables keep a word: "Übermorgen", "uebermorgen" and "ubermorgen" are one."""
    word = fold_text(word).lower().replace("ß", "ss")
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def fold_values(values: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    return {name: {fold_word(word): value for word, value in words.items()} for name, words in values.items()}


def join_words(words: Iterable[str]) -> str:
    """An alternative of words, the longest first."""
    return "|".join(sorted(words, key=len, reverse=True))


def compile_folded(text: str, parts: Mapping[str, str]) -> re.Pattern[str]:
    """Compile a pattern that is matched with folded text; <name> stands for a part, line ends do not count."""
    text = re.sub(r"\n\s*", "", text)
    for _ in range(_MAX_NESTED):
        text = _PART.sub(lambda m: parts[m[1]], text)
    text = "".join(_UMLAUTS.get(letter, letter) for letter in text)
    return re.compile(fold_text(text), re.IGNORECASE | re.DOTALL)


def compile_rules(table: Iterable[tuple[str, str]], parts: Mapping[str, str]) -> Rules:
    return tuple((kind, compile_folded(text, parts)) for kind, text in table)

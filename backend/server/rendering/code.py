# server/rendering/code.py -- the code in a text, coloured: each word in a span whose class says what it is.
import html
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Generic, Keyword, Name, Number, String, _TokenType

# By the names that are written behind a fence.
ALIASES = {
    **{"py": "python", "python3": "python", "js": "javascript", "mjs": "javascript", "node": "javascript"},
    **{"ts": "typescript", "sh": "bash", "shell": "bash", "zsh": "bash", "yml": "yaml", "jsonc": "json"},
    **{
        "c++": "cpp",
        "cs": "csharp",
        "c#": "csharp",
        "rs": "rust",
        "golang": "go",
        "rb": "ruby",
        "kt": "kotlin",
    },
    **{"patch": "diff", "svg": "xml", "postgresql": "sql", "sqlite": "sql", "mysql": "sql"},
}
LANGUAGES = {
    *(
        "python",
        "javascript",
        "typescript",
        "json",
        "html",
        "css",
        "bash",
        "sql",
        "java",
        "c",
        "cpp",
        "csharp",
    ),
    *("go", "rust", "yaml", "php", "ruby", "kotlin", "swift", "toml", "diff", "xml"),
}
# The first that fits. The names of classes are those of chat.css.
CLASSES: list[tuple[_TokenType, str]] = [
    (Keyword.Type, "t"),
    (Keyword, "k"),
    (Name.Tag, "k"),
    (Name.Class, "t"),
    (Name.Builtin, "t"),
    (Name.Function, "f"),
    (Name.Decorator, "a"),
    (Name.Attribute, "a"),
    (String, "s"),
    (Number, "n"),
    (Comment, "c"),
    (Generic.Deleted, "d"),
    (Generic.Inserted, "i"),
]
# Some expressions of the lexers need time that grows with the square of a text: longer code is shown without colours,
# and so is what follows when the time is over.
MAX_COLOURED = 10_000
MAX_OF_SLOW = 4_000
SLOW = {"html", "xml", "php", "ruby"}
MAX_SECONDS = 0.1


@lru_cache(maxsize=len(LANGUAGES))
def open_lexer(language: str) -> Lexer:
    return get_lexer_by_name(language, stripnl=False, ensurenl=False)


@lru_cache(maxsize=1_000)
def find_class(kind: _TokenType) -> str:
    return next((name for ancestor, name in CLASSES if kind[: len(ancestor)] == ancestor), "")


@dataclass(slots=True)
class Allowance:
    """How many seconds of its processor a thread may still take for the colours of what it renders."""

    seconds: float = MAX_SECONDS


def classify(code: str, language: str, allowance: Allowance) -> Iterator[tuple[str, str]]:
    """(class, piece) in order; the class of what has no colour is empty."""
    lexer = open_lexer(language)  # which the first one of its language has to wait for
    begun, at = time.thread_time(), 0
    until = begun + allowance.seconds
    for start, kind, piece in lexer.get_tokens_unprocessed(code):
        if time.thread_time() > until:
            break
        yield find_class(kind), piece
        at = start + len(piece)
    yield "", code[at:]
    allowance.seconds -= time.thread_time() - begun


def colour_code(code: str, language: str, allowance: Allowance) -> str:
    """Safe HTML of the code. One of an unknown language has no colours."""
    name = ALIASES.get(language.lower(), language.lower())
    if name not in LANGUAGES or len(code) > (MAX_OF_SLOW if name in SLOW else MAX_COLOURED):
        return html.escape(code)
    parts = []
    for cls, pieces in groupby(classify(code, name, allowance), key=lambda part: part[0]):
        escaped = html.escape("".join(piece for _, piece in pieces))
        parts.append(f'<span class="hl-{cls}">{escaped}</span>' if cls and escaped.strip() else escaped)
    return "".join(parts)

# storage/text_search.py -- the search for text in any case: literally, as each engine writes it, or by its words.
from functools import cache

from sqlalchemy import Boolean, Dialect, SQLColumnExpression, String, Text, TypeDecorator, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from models.search.search_entry import list_words, mark_audience


class LikeText(TypeDecorator[str]):
    """The text to search for; on SQLite a LIKE pattern that matches some rows too many."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return like_pattern(value) if value is not None and dialect.name == "sqlite" else value


class GlobText(TypeDecorator[str]):
    """The text to search for; on SQLite a GLOB pattern that matches exactly."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return glob_pattern(value) if value is not None and dialect.name == "sqlite" else value


def search_parameters(words: str, name: str = "words") -> dict[str, str]:
    """The bind parameters of a statement that uses `text_contains` with this name."""
    return {name: words, f"exact_{name}": words}


class text_contains(FunctionElement[bool]):  # noqa: N801 -- reads as the SQL function that it is
    """Whether a text contains the words of `search_parameters`, compared without case and without wildcards.

    A statement that looks for several words gives each a name of its own.
    """

    inherit_cache = True
    type = Boolean()

    def __init__(
        self, text: SQLColumnExpression[str] | SQLColumnExpression[str | None], name: str = "words"
    ) -> None:
        super().__init__(
            text,
            bindparam(name, type_=LikeText()),
            bindparam(f"exact_{name}", type_=GlobText()),
        )


@compiles(text_contains, "postgresql")
def _(element: text_contains, compiler: SQLCompiler, **kw: object) -> str:
    text, words, _ = element.clauses
    return f"(strpos(lower({compiler.process(text, **kw)}), lower({compiler.process(words, **kw)})) > 0)"


@compiles(text_contains, "mariadb")
def _(element: text_contains, compiler: SQLCompiler, **kw: object) -> str:
    text, words, _ = element.clauses
    return f"(locate(lower({compiler.process(words, **kw)}), lower({compiler.process(text, **kw)})) > 0)"


@compiles(text_contains, "sqlite")
def _(element: text_contains, compiler: SQLCompiler, **kw: object) -> str:
    """LIKE filters first, GLOB decides.

    SQLite's lower() and LIKE fold the case of ASCII only, and a Python function would be called for each row. GLOB with
    every letter in all its cases is exact but slow; LIKE with a wildcard for letters beyond ASCII is fast.
    """
    text, words, exact = [compiler.process(clause, **kw) for clause in element.clauses]
    return f"(CASE WHEN {text} LIKE {words} ESCAPE '/' THEN {text} GLOB {exact} ELSE 0 END)"


class has_words(FunctionElement[bool]):  # noqa: N801
    """Whether a search entry is of an audience and has the words of the bind parameter `words`.

    That is a query of PostgreSQL, in which @ stands for the mark of the audience. Others have no index of words.
    """

    inherit_cache = True
    type = Boolean()

    def __init__(self, audience_id: SQLColumnExpression[object]) -> None:
        super().__init__(audience_id, bindparam("words", type_=Text()))


@compiles(has_words, "postgresql")
def _(element: has_words, compiler: SQLCompiler, **kw: object) -> str:
    audience_id, words = [compiler.process(clause, **kw) for clause in element.clauses]
    found = list_words("search_entries.audience_id", "search_entries.content")
    return f"({found} @@ to_tsquery('simple', replace({words}, '@', {mark_audience(audience_id)})))"


def like_pattern(words: str) -> str:
    """A LIKE pattern with a wildcard for each letter that has a case beyond ASCII."""
    same = group_letters_by_lower()
    pieces = [
        "_"
        if not character.isascii()
        or not all(letter.isascii() for letter in same.get(lower_character(character), ()))
        else f"/{character}"
        if character in "/%_"
        else character
        for character in words
    ]
    return f"%{''.join(pieces)}%"


def glob_pattern(words: str) -> str:
    """A GLOB pattern with each letter in all its cases; brackets make GLOB's own characters literal."""
    same = group_letters_by_lower()
    pieces = ["".join(same.get(lower_character(character), [])) or character for character in words]
    return (
        "*" + "".join(f"[{piece}]" if len(piece) > 1 or piece in "*?[" else piece for piece in pieces) + "*"
    )


def lower_character(character: str) -> str:
    """PostgreSQL's lower(): one character stays one, so that İ becomes i without its dot."""
    return character.lower()[0]


@cache
def group_letters_by_lower() -> dict[str, list[str]]:
    """The letters of each lower case that more than one letter has. All of them lie in Unicode planes 0 and 1."""
    found: dict[str, list[str]] = {}
    for character in map(chr, range(0x20000)):
        if (lower := lower_character(character)) != character:
            found.setdefault(lower, [lower]).append(character)
    return found

# queries/parsing.py -- from the text of a query to its tree, with bounded work whatever the text is.
import logging
from collections.abc import Mapping, Sequence
from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as SqlDialect
from sqlglot.dialects.mysql import MySQL
from sqlglot.dialects.postgres import Postgres
from sqlglot.dialects.sqlite import SQLite
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError
from sqlglot.generators.mysql import MySQLGenerator
from sqlglot.parsers.mysql import MySQLParser
from sqlglot.parsers.postgres import PostgresParser
from sqlglot.parsers.sqlite import SQLiteParser
from sqlglot.tokenizer_core import Token, TokenType

from queries.catalog import Dialect
from queries.refusals import QueryRefused

# It prints the text of queries that it does not know. A level, since whoever sets up other loggers enables this one.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL + 1)

MAX_CHARACTERS = 10_000
MAX_TOKENS = 3_000
MAX_DEPTH = 25
# The parser goes back where a text may mean several things, and then some nested texts cost twice as much for each
# level. So many moves are enough for every text that is a query.
MOVES_PER_TOKEN = 6
FREE_MOVES = 500
# How long a node of the tree may be under others; a chain of ANDs is as deep as it is long.
MAX_LEVELS = 120
OPENING = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE})
CLOSING = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END})
TOO_DEEP = f"The query is nested more than {MAX_DEPTH} deep. Write it flatter, for example with WITH."
TOO_MUCH = "The query is too complicated. Write it in a simpler way, for example with WITH."


class WorkExceeded(Exception):
    """The parser goes back again and again."""


class CountedMoves:
    """A parser that counts its moves from token to token."""

    moves_left = 0

    def _advance(self, times: int = 1) -> None:
        self.moves_left -= 1
        if self.moves_left < 0:
            raise WorkExceeded
        super()._advance(times)  # type: ignore[misc]


class PostgreSQLMoves(CountedMoves, PostgresParser):
    pass


class SQLiteMoves(CountedMoves, SQLiteParser):
    pass


class MariaDBMoves(CountedMoves, MySQLParser):
    pass


class MariaDBGenerator(MySQLGenerator):
    """MariaDB has no REGEXP_LIKE, and LENGTH counts bytes."""

    TRANSFORMS: ClassVar = {
        **MySQLGenerator.TRANSFORMS,
        exp.RegexpLike: lambda self, node: self.binary(node, "RLIKE"),
        exp.Length: lambda self, node: self.func(
            "LENGTH" if node.args.get("binary") else "CHAR_LENGTH", node.this
        ),
    }


class PostgreSQLText(Postgres):
    Parser = PostgreSQLMoves


class SQLiteText(SQLite):
    """SQLite takes "a" for a text where there is no such column: names are written as `a`."""

    Parser = SQLiteMoves

    class Tokenizer(SQLite.Tokenizer):
        IDENTIFIERS: ClassVar = ["`", '"', ("[", "]")]


class MariaDBText(MySQL):
    Parser = MariaDBMoves
    Generator = MariaDBGenerator


TEXTS: Mapping[Dialect, SqlDialect] = {
    "postgresql": PostgreSQLText(),
    "sqlite": SQLiteText(),
    "mariadb": MariaDBText(),
}


def parse_query(text: str, dialect: Dialect) -> exp.Expr:
    """The tree of a text that is one statement, of whatever kind; QueryRefused for anything else."""
    if len(text) > MAX_CHARACTERS:
        raise QueryRefused(f"The query has more than {MAX_CHARACTERS:,} characters.")
    if "\0" in text:
        raise QueryRefused("The query holds a NUL character.")
    sql = TEXTS[dialect]
    try:
        tokens = sql.tokenize(text)
        check_tokens(tokens)
        statements = [each for each in parse_tokens(sql, tokens, text) if each is not None]
    except ParseError as error:
        raise QueryRefused(describe_parse_error(error)) from None
    except SqlglotError:
        raise QueryRefused("The query cannot be read: a text or a name in it has no end.") from None
    except RecursionError:
        raise QueryRefused(TOO_DEEP) from None
    except WorkExceeded:
        raise QueryRefused(TOO_MUCH) from None
    except (AttributeError, LookupError, TypeError, ValueError):
        # What the parser trips over where it expects no such part; it gives no reason that a model could read.
        raise QueryRefused("The query is not SQL that can be read.") from None
    if len(statements) != 1:
        raise QueryRefused(f"There are {len(statements)} statements. Send one SELECT.")
    check_levels(statements[0])
    return statements[0]


def parse_tokens(sql: SqlDialect, tokens: list[Token], text: str) -> Sequence[exp.Expr | None]:
    parser = sql.parser(error_level=ErrorLevel.IMMEDIATE)
    assert isinstance(parser, CountedMoves)
    parser.moves_left = FREE_MOVES + MOVES_PER_TOKEN * len(tokens)
    return parser.parse(tokens, text)


def check_tokens(tokens: Sequence[Token]) -> None:
    if len(tokens) > MAX_TOKENS:
        raise QueryRefused(f"The query has more than {MAX_TOKENS:,} words and signs.")
    depth = 0
    for token in tokens:
        if token.token_type in OPENING:
            depth += 1
        elif token.token_type in CLOSING:
            depth -= 1
        if depth > MAX_DEPTH:
            raise QueryRefused(TOO_DEEP)


def check_levels(tree: exp.Expr) -> None:
    """What writes the tree goes down as deep as it is."""
    nodes = [(tree, 1)]
    while nodes:
        node, level = nodes.pop()
        if level > MAX_LEVELS:
            raise QueryRefused(TOO_MUCH)
        nodes += [(child, level + 1) for child in node.iter_expressions()]


def describe_parse_error(error: ParseError) -> str:
    """Where it is, in the text that the model has written."""
    found = error.errors[0] if error.errors else {}
    place = f" near line {found['line']}, column {found['col']}" if found.get("line") else ""
    near = f', at "{str(found["highlight"])[:40]}"' if found.get("highlight") else ""
    return f"The query is not SQL that can be read{place}{near}: {str(found.get('description', ''))[:200]}"


def write_query(tree: exp.Expr, dialect: Dialect) -> str:
    """The text of a tree, all names quoted and without comments; QueryRefused for what this database does not have."""
    try:
        return TEXTS[dialect].generate(
            tree, identify=True, comments=False, unsupported_level=ErrorLevel.IMMEDIATE, pretty=True
        )
    except (SqlglotError, ValueError) as error:
        raise QueryRefused(f"This database does not have that: {str(error)[:200]}") from None
    except RecursionError:
        raise QueryRefused(TOO_DEEP) from None

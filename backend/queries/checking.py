# queries/checking.py -- whether every part of a query is one of those that are allowed.
import re
from collections.abc import Mapping

from sqlglot import exp

from queries.allowed import ARGUMENTS, FUNCTIONS, NAMES, PARTS, TEXTS, TYPES
from queries.catalog import Dialect
from queries.refusals import QueryRefused

ONE_SELECT = "Only one SELECT is allowed, which may begin with WITH."
PLAIN_WORD = re.compile(r"[A-Za-z_][A-Za-z_ ]*")
PLAIN_KEY = re.compile(r"[\w .$-]{1,100}")
MAX_TABLES = 20
# What texts that are joined with themselves, in one part of a query after the other, may grow to.
MAX_GROWTH = 5_000
JOINING = (exp.DPipe, exp.Concat, exp.ConcatWs)
# Parts that people know by other words than those of the tree.
WORDS: Mapping[str, str] = {
    "Into": "INTO",
    "Lock": "FOR UPDATE and FOR SHARE",
    "Lateral": "LATERAL",
    "Unnest": "UNNEST",
    "GenerateSeries": "GENERATE_SERIES",
    "Command": "this statement",
    "Parameter": "a variable",
    "SessionParameter": "a variable of the server",
    "Placeholder": "a parameter",
    "Dot": "a name of several parts",
    "Values": "VALUES",
    "TableSample": "TABLESAMPLE",
}


def check_query(tree: exp.Expr, dialect: Dialect) -> exp.Query:
    """The query, without brackets around it; QueryRefused if it is none, or has a part that is not allowed."""
    while type(tree) is exp.Subquery and not any(
        value for name, value in tree.args.items() if name != "this"
    ):
        tree = tree.this
    if type(tree) not in (exp.Select, exp.Union, exp.Intersect, exp.Except):
        raise QueryRefused(ONE_SELECT)
    assert isinstance(tree, exp.Query)
    tables = 0
    for node in tree.walk():
        check_node(node, dialect)
        tables += type(node) is exp.Table
    if tables > MAX_TABLES:
        raise QueryRefused(f"The query names tables more than {MAX_TABLES} times.")
    check_growth(tree)
    return tree


def check_node(node: exp.Expr, dialect: Dialect) -> None:
    kind = type(node)
    if kind not in PARTS and kind not in FUNCTIONS:
        raise QueryRefused(f"{name_part(node)} is not allowed. {ONE_SELECT}")
    texts, arguments = TEXTS.get(kind, frozenset()), ARGUMENTS.get(kind)
    for name, value in node.args.items():
        if value is None or value is False or value == []:
            continue
        if arguments is not None and name not in arguments:
            raise QueryRefused(f"{name_argument(name)} is not allowed.")
        if not is_plain(value, name in texts):
            raise QueryRefused(f"{name_part(node)} is not allowed in this form.")
    check_words(node, dialect)


def is_plain(value: object, may_be_text: bool) -> bool:
    """Whether it is made of nodes, which are looked at themselves, or of a word that may stand in this place."""
    if isinstance(value, list):
        return all(isinstance(each, exp.Expr) for each in value)
    if isinstance(value, exp.Expr | bool | int | exp.DType):
        return True
    return may_be_text and isinstance(value, str)


def check_words(node: exp.Expr, dialect: Dialect) -> None:
    match node:
        case exp.Anonymous():
            name = node.this if isinstance(node.this, str) else ""
            if name.upper() not in NAMES[dialect]:
                raise QueryRefused(f"The function {name[:50]} is not allowed.")
        case exp.Var():
            if not PLAIN_WORD.fullmatch(node.name):
                raise QueryRefused(f"{node.name[:50]} is not allowed here.")
        case exp.JSONPathKey():
            if not isinstance(node.this, str) or not PLAIN_KEY.fullmatch(node.this):
                raise QueryRefused("A key of JSON may have letters, digits, spaces and .-_$ only.")
        case exp.DataType():
            if node.this not in TYPES:
                raise QueryRefused("CAST is not allowed to this type.")
        case exp.Table():
            if not isinstance(node.this, exp.Identifier):
                raise QueryRefused("A function cannot stand for a table.")
        case exp.Replace():
            check_replace(node)


def check_replace(node: exp.Replace) -> None:
    """What is put in is no longer than what is taken out: else a short query could make texts of gigabytes."""
    taken, put = node.args.get("expression"), node.args.get("replacement")
    fits = all(isinstance(each, exp.Literal) and each.is_string for each in (taken, put) if each is not None)
    if taken is None or not fits or (put is not None and len(put.name) > len(taken.name)):
        raise QueryRefused(
            "REPLACE is allowed where both texts are written out and the new one is not longer."
        )


def check_growth(tree: exp.Query) -> None:
    """Texts that are joined in one SELECT, joined again in the next one and so on, double each time."""
    growth = 1
    for select in tree.find_all(exp.Select):
        joins = sum(
            len(node.expressions) if isinstance(node, exp.Func) else 1
            for node in select.find_all(*JOINING)
            if node.find_ancestor(exp.Select) is select
        )
        growth *= 1 + joins
    if growth > MAX_GROWTH:
        raise QueryRefused("The query joins too many texts.")


def name_part(node: exp.Expr) -> str:
    kind = type(node).__name__
    if kind in WORDS:
        return WORDS[kind]
    if isinstance(node, exp.Func):
        return f"The function {node.sql_name()}"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).upper()


def name_argument(name: str) -> str:
    words = {"into": "INTO", "locks": "FOR UPDATE", "recursive": "WITH RECURSIVE"}
    return words.get(name, name.strip("_").replace("_", " ").upper())

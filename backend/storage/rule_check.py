# storage/rule_check.py -- the second lock: SQL that names a table without that table's rule is not made.
"""access/ makes the marks that are looked for here: a condition that is the rule of a table, and a value that says
whose a new row is. The look is part of making SQL from a statement, which every way to execute one goes through, and
whose result SQLAlchemy keeps: a statement that was executed before is not looked at again. A mark is a node of the
statement, so that it survives copies and belongs to the key under which the SQL is kept.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import CTE, Alias, ColumnClause, ColumnElement, Delete, Insert, TextClause, Update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BooleanClauseList, Grouping
from sqlalchemy.sql.operators import and_
from sqlalchemy.sql.selectable import FromClause, Join, Select, TableClause
from sqlalchemy.sql.visitors import InternalTraversal
from sqlmodel import SQLModel

import models

T = TypeVar("T")

TABLES = {table.name: table for table in SQLModel.metadata.tables.values()}
assert models.User.__tablename__ in TABLES
# What else there is: the revision of the schema, and the catalogs, which SQLAlchemy reads.
FREE_TABLES = frozenset({"alembic_version"})
CATALOGS = frozenset({"pg_catalog", "information_schema"})
# True while a session writes the objects that it has examined itself; see row_session.py.
IS_FLUSH: ContextVar[bool] = ContextVar("is_flush", default=False)


class MissingRule(Exception):
    """A statement names a table without the rule that says whose rows it is about; nothing was executed."""

    def __init__(self, table: str, what: str = "rule") -> None:
        super().__init__(f"the statement names {table} without its {what}: build it through access/")


class Mark(Grouping[T]):
    """An expression with a meaning for `column`'s table. In SQL it is the expression in parentheses."""

    __visit_name__ = "grouping"
    # Not that of what it holds: and_() would take that apart, and the mark would be lost.
    operator = None
    _traverse_internals = [  # noqa: RUF012 -- as SQLAlchemy declares it
        ("element", InternalTraversal.dp_clauseelement),
        ("type", InternalTraversal.dp_type),
        ("column", InternalTraversal.dp_clauseelement),
    ]
    _cache_key_traversal = [  # noqa: RUF012
        ("element", InternalTraversal.dp_clauseelement),
        ("column", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, element: ColumnElement[T], column: ColumnElement[object]) -> None:
        super().__init__(element)
        self.column = column

    @property
    def of(self) -> FromClause:
        """The table, or its alias, whose rows it is about."""
        table: FromClause = self.column.table
        return table


class TableRule(Mark[bool]):
    """A condition that holds for those rows of a table that the caller may see."""

    inherit_cache = True


class OwnerValue(Mark[T]):
    """The value of a new row by which it belongs to somebody."""

    inherit_cache = True


@dataclass
class Scope:
    """One SELECT, UPDATE, DELETE or INSERT, while its SQL is made."""

    ruled: set[FromClause] = field(default_factory=set)
    new_rows_of: FromClause | None = None
    has_owner: bool = False


def list_conjuncts(conditions: Iterable[ColumnElement[bool]]) -> Iterator[ColumnElement[bool]]:
    """The conditions that all have to hold: what stands below OR and NOT decides nothing alone."""
    for condition in conditions:
        if isinstance(condition, BooleanClauseList) and condition.operator is and_:
            yield from list_conjuncts(condition.clauses)
        else:
            yield condition


def list_leaves(source: FromClause) -> set[FromClause]:
    return list_leaves(source.left) | list_leaves(source.right) if isinstance(source, Join) else {source}


def find_ruled(conditions: Iterable[ColumnElement[bool]]) -> set[FromClause]:
    """The tables and aliases whose rules are among the conditions."""
    return {rule.of for rule in list_conjuncts(conditions) if isinstance(rule, TableRule)}


def find_ruled_in_joins(source: FromClause) -> set[FromClause]:
    """Those whose rules are in an ON that decides which of their rows there are: not those left of a LEFT JOIN."""
    if not isinstance(source, Join):
        return set()
    found = find_ruled_in_joins(source.left) | find_ruled_in_joins(source.right)
    if source.full or source.onclause is None:
        return found
    here = list_leaves(source.right) if source.isouter else list_leaves(source)
    return found | (find_ruled([source.onclause]) & here)


def open_write(statement: Update | Delete) -> Scope:
    """A flush writes by primary key what the session has examined."""
    return Scope({statement.table} if IS_FLUSH.get() else find_ruled(statement._where_criteria))


SQL_NAMES = re.compile(
    rf"\b(?:from|join|into|update|table|using|only|lateral)\b[\s(\"`\[]*(?:\w+[\"`\]]?\.[\"`\[]?)?({'|'.join(TABLES)})\b"
    rf"|,\s*[\"`]?({'|'.join(TABLES)})\b[\"`]?\s*(?:,|$|\bwhere\b|\bon\b|\bas\b|\bjoin\b)",
    re.IGNORECASE,
)


def refuse_names(sql: str) -> None:
    """MissingRule for a piece of SQL that reads or writes one of our tables past every condition."""
    if found := SQL_NAMES.search(sql):
        raise MissingRule(found[1] or found[2])


# Any: the methods of SQLAlchemy's compilers have no types.
Compiler: Any = SQLCompiler


class RuleCheck(Compiler):  # type: ignore[misc]
    """Mixed into an engine's own compiler. What it does not know how to judge, it refuses.

    `visit_table` is where SQLAlchemy writes the name of a table that rows come from; the scopes are only what has been
    found around it. So a change in SQLAlchemy that bypasses one of the other methods refuses too much, not too little.
    """

    @cached_property
    def scopes(self) -> list[Scope]:
        return []

    @contextmanager
    def open_scope(self, scope: Scope) -> Iterator[Scope]:
        self.scopes.append(scope)
        try:
            yield scope
        finally:
            self.scopes.pop()

    def visit_table(
        self,
        table: TableClause,
        asfrom: bool = False,
        within_tstring: bool = False,
        enclosing_alias: Alias | None = None,
        **options: object,
    ) -> str:
        if asfrom or within_tstring:
            self.require_rule(table, enclosing_alias)
        sql: str = super().visit_table(
            table,
            asfrom=asfrom,
            within_tstring=within_tstring,
            enclosing_alias=enclosing_alias,
            **options,
        )
        return sql

    def require_rule(self, table: TableClause, alias: Alias | None) -> None:
        if table.name in FREE_TABLES or getattr(table, "schema", None) in CATALOGS:
            return
        # Within a subquery, `alias` may be that of the subquery.
        source = alias if alias is not None and alias.element == table else table
        if not self.scopes or source not in self.scopes[-1].ruled:
            raise MissingRule(table.name)

    def _compose_select_body(
        self,
        text: object,
        select: Select[object],
        compile_state: object,
        inner_columns: object,
        froms: list[FromClause],
        *rest: object,
    ) -> str:
        scope = Scope(find_ruled(select._where_criteria).union(*map(find_ruled_in_joins, froms)))
        with self.open_scope(scope):
            sql: str = super()._compose_select_body(text, select, compile_state, inner_columns, froms, *rest)
        return sql

    def visit_update(self, update_stmt: Update, visiting_cte: CTE | None = None, **options: object) -> str:
        with self.open_scope(open_write(update_stmt)):
            sql: str = super().visit_update(update_stmt, visiting_cte, **options)
        return sql

    def visit_delete(self, delete_stmt: Delete, visiting_cte: CTE | None = None, **options: object) -> str:
        with self.open_scope(open_write(delete_stmt)):
            sql: str = super().visit_delete(delete_stmt, visiting_cte, **options)
        return sql

    def visit_insert(self, insert_stmt: Insert, *arguments: object, **options: object) -> str:
        table = insert_stmt.table
        with self.open_scope(Scope(new_rows_of=table)) as scope:
            sql: str = super().visit_insert(insert_stmt, *arguments, **options)
        if not (scope.has_owner or IS_FLUSH.get() or table.name in FREE_TABLES):
            raise MissingRule(table.name, "owner")
        return sql

    def visit_grouping(self, grouping: Grouping[object], asfrom: bool = False, **options: object) -> str:
        if isinstance(grouping, OwnerValue):
            for scope in self.scopes:
                scope.has_owner |= scope.new_rows_of is not None and scope.new_rows_of == grouping.of
            # asyncmy sends many rows at once only where no parentheses stand within VALUES.
            value: str = grouping.element._compiler_dispatch(self, **options)
            return value
        sql: str = super().visit_grouping(grouping, asfrom=asfrom, **options)
        return sql

    def visit_textclause(self, textclause: TextClause, *arguments: object, **options: object) -> str:
        refuse_names(textclause.text)
        sql: str = super().visit_textclause(textclause, *arguments, **options)
        return sql

    def visit_tstring_text(self, element: TextClause, **options: object) -> str:
        refuse_names(element.text)
        sql: str = super().visit_tstring_text(element, **options)
        return sql

    def visit_column(self, column: ColumnClause[object], *arguments: object, **options: object) -> str:
        if column.is_literal:
            refuse_names(column.name)
        sql: str = super().visit_column(column, *arguments, **options)
        return sql


# A class of its own for each engine would be another compiler to SQLAlchemy's caches.
CHECKED: dict[type[SQLCompiler], type[SQLCompiler]] = {}


def check_rules(engine: AsyncEngine) -> None:
    """From now on every statement that is executed on the engine has to carry the rules of its tables."""
    compiler = engine.dialect.statement_compiler
    if not issubclass(compiler, RuleCheck):
        if compiler not in CHECKED:
            CHECKED[compiler] = type(f"Rule{compiler.__name__}", (RuleCheck, compiler), {})
        engine.dialect.statement_compiler = CHECKED[compiler]

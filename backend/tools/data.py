# tools/data.py -- the tools on databases of the operator's: what is in them, and one query at a time.
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as ShapeField
from pydantic import StringConstraints

from models.message import MAX_QUERY
from models.shapes import STORABLE, ApiModel, JsonObject
from queries.answers import MAX_CELL_CHARACTERS, MAX_ROWS, Cell, Kind
from queries.catalog import Table
from queries.refusals import QueryRefused
from tools.registry import register_data_tool

if TYPE_CHECKING:
    from queries.databases import AccountDatabases, NamedDatabase

MAX_TABLES_ASKED = 20
# Tables whose names are listed, and tables and columns that are described whole where nobody names any.
MAX_TABLES_LISTED = 200
MAX_TABLES_WHOLE = 20
MAX_COLUMNS_LISTED = 200
MAX_COLUMNS_IN_ALL = 500

Name = Annotated[str, StringConstraints(min_length=1, max_length=200), STORABLE]


class DescribeData(ApiModel):
    database: Name | None = ShapeField(None, description="One of them; left out: all.")
    tables: list[Name] | None = ShapeField(
        None,
        max_length=MAX_TABLES_ASKED,
        description="Of that database, by name, with all of their columns; left out: a list of its tables.",
    )


class ColumnDescribed(ApiModel):
    name: str
    type: str
    nullable: bool
    key: str | None = ShapeField(
        None, exclude_if=lambda key: key is None, description='"primary", or the column that it refers to.'
    )


class TableDescribed(ApiModel):
    name: str
    is_view: bool
    columns: list[ColumnDescribed] | None = ShapeField(description="null: ask for this table by name.")
    more: bool = ShapeField(False, description="Whether it has more columns than these.")


class DatabaseDescribed(ApiModel):
    name: str
    dialect: str = ShapeField(description="Of its SQL: postgresql, sqlite or mariadb.")
    description: str | None
    tables: list[TableDescribed]
    more: bool = ShapeField(description="Whether it has more tables than these.")
    error: str | None = ShapeField(None, exclude_if=lambda error: error is None)


class DataDescribed(ApiModel):
    databases: list[DatabaseDescribed]


class QueryData(ApiModel):
    database: Name
    sql: Annotated[str, StringConstraints(min_length=1, max_length=MAX_QUERY), STORABLE] = ShapeField(
        description="One SELECT, which may begin with WITH, in the dialect of the database."
    )
    note: Annotated[str, StringConstraints(min_length=1, max_length=1_000), STORABLE] | None = ShapeField(
        None,
        description="For the person, in a sentence: what is asked of the data, and what you took for granted.",
    )


class ResultColumn(ApiModel):
    name: str
    kind: Kind


class DataFound(ApiModel):
    columns: list[ResultColumn]
    rows: list[list[Cell]]
    more: bool = ShapeField(
        description="Whether rows were left out: there were too many, or they were too long."
    )
    query: str = ShapeField(description="The query as it was run.")


@register_data_tool(DescribeData, DataDescribed)
async def describe_data(databases: "AccountDatabases", wanted: DescribeData) -> JsonObject:
    """Describe the databases that you may query: their tables, and the columns with types and keys. Call it before
    the first query, and again with the names of the tables whose columns it has left out."""
    if wanted.database is None:
        if wanted.tables:
            raise QueryRefused("Name the database of these tables.")
        found = [await describe_safely(each) for each in databases.databases.values()]
    else:
        found = [await describe_database(databases.find(wanted.database), wanted.tables)]
    return DataDescribed(databases=found).model_dump(mode="json")


async def describe_safely(database: "NamedDatabase") -> DatabaseDescribed:
    """One that does not answer hides no other."""
    try:
        return await describe_database(database, None)
    except QueryRefused as refusal:
        return describe_named(database, [], error=str(refusal))


async def describe_database(database: "NamedDatabase", labels: list[str] | None) -> DatabaseDescribed:
    catalog = await database.read_catalog()
    if labels:
        return describe_named(database, [describe_table(catalog.find_labelled(label)) for label in labels])
    tables = catalog.tables[:MAX_TABLES_LISTED]
    is_small = (
        len(tables) <= MAX_TABLES_WHOLE and sum(len(table.columns) for table in tables) <= MAX_COLUMNS_IN_ALL
    )
    shown = [describe_table(table) if is_small else name_table(table) for table in tables]
    return describe_named(database, shown, more=len(catalog.tables) > len(tables))


def describe_named(
    database: "NamedDatabase", tables: list[TableDescribed], *, more: bool = False, error: str | None = None
) -> DatabaseDescribed:
    return DatabaseDescribed(
        name=database.entry.name,
        dialect=database.engine.dialect,
        description=database.entry.description,
        tables=tables,
        more=more,
        error=error,
    )


def name_table(table: Table) -> TableDescribed:
    return TableDescribed(name=table.label, is_view=table.is_view, columns=None)


def describe_table(table: Table) -> TableDescribed:
    columns = [
        ColumnDescribed(name=column.name, type=column.type[:100], nullable=column.is_nullable, key=column.key)
        for column in table.columns[:MAX_COLUMNS_LISTED]
    ]
    more = len(table.columns) > len(columns)
    return TableDescribed(name=table.label, is_view=table.is_view, columns=columns, more=more)


async def query_data(databases: "AccountDatabases", wanted: QueryData) -> JsonObject:
    """..."""
    result = await databases.find(wanted.database).run(wanted.sql)
    answer = result.answer
    columns = [
        ResultColumn(name=name, kind=kind)
        for name, kind in zip(answer.columns, answer.list_kinds(), strict=True)
    ]
    found = DataFound(columns=columns, rows=answer.rows, more=answer.has_more, query=result.sql)
    return found.model_dump(mode="json")


query_data.__doc__ = f"""
    Run one SELECT on a database and get its rows: at most {MAX_ROWS}, with cells of at most {MAX_CELL_CHARACTERS}
    characters, so add up and sort in SQL. Name tables and columns as describe_data has them, and what the query
    computes by AS. When it is refused, the error says why: change the query and try again.
"""
register_data_tool(QueryData, DataFound)(query_data)

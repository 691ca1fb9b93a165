# queries/rewriting.py -- the query that is run: written anew from the tree, each table by its full name.
from collections.abc import Callable, Collection, Sequence

from sqlglot import exp

from queries.answers import MAX_ROWS
from queries.catalog import Catalog, Table, name_some
from queries.checking import check_query
from queries.parsing import parse_query, write_query
from queries.refusals import QueryRefused

# What the results of WITH are called: a name that stands for nothing else, wherever it is looked up.
RESULT = "parley_result_{number}"


def rewrite_query(text: str, catalog: Catalog) -> str:
    """The query as it is run; QueryRefused for whatever is not one SELECT of allowed parts over these tables.

    What is run is never the text itself. It is written from a tree of allowed parts, and what was written is read and
    looked at again. No name is left to be looked up: a table has its schema, the result of a WITH a name of its own.
    """
    dialect = catalog.dialect
    tree = check_query(parse_query(text, dialect), dialect)
    if dialect == "postgresql":
        fold_names(tree)
    results = rename_results(tree)
    tables = qualify_tables(tree, catalog, results)
    check_columns(tree, tables, dialect == "postgresql")
    limit_rows(tree)
    written = write_query(tree, dialect)
    check_query(parse_query(written, dialect), dialect)
    return written


def fold_names(tree: exp.Query) -> None:
    """PostgreSQL takes a name without quotes as lower case; all are written with quotes."""
    for name in tree.find_all(exp.Identifier):
        if not name.args.get("quoted"):
            name.set("this", name.name.lower())


def rename_results(tree: exp.Query) -> Collection[str]:
    """Give each result of a WITH its new name, there and where it is read; the names that are now in use."""
    renamed = {}
    with_results = list(tree.find_all(exp.CTE))
    for number, result in enumerate(with_results, 1):
        if not isinstance(result.this, exp.Query):
            raise QueryRefused("Only a SELECT may stand in WITH.")
        renamed[id(result)] = RESULT.format(number=number)
    if not renamed:
        return ()
    read = [(table, find_result(table)) for table in tree.find_all(exp.Table) if not table.db]
    for table, found in read:
        if found is None:
            continue
        if not table.alias:
            table.set("alias", exp.TableAlias(this=table.this.copy()))
        table.set("this", exp.to_identifier(renamed[id(found)], quoted=True))
    for result in with_results:
        result.args["alias"].set("this", exp.to_identifier(renamed[id(result)], quoted=True))
    return set(renamed.values())


def find_result(table: exp.Table) -> exp.CTE | None:
    """The result of a WITH that the table is, by the nearest one above that has the name and stands before it."""
    node: exp.Expr = table
    inside: exp.Expr | None = None
    while (parent := node.parent) is not None:
        if isinstance(node, exp.CTE):
            inside = node
        with_ = parent.args.get("with_")
        if isinstance(parent, exp.Query) and isinstance(with_, exp.With):
            results = with_.expressions
            if node is with_:
                place = next(n for n, each in enumerate(results) if each is inside)
                results = results[:place]
            found = [each for each in results if each.alias.lower() == table.name.lower()]
            if found:
                result = found[-1]
                assert isinstance(result, exp.CTE)
                return result
        node = parent
    return None


def qualify_tables(tree: exp.Query, catalog: Catalog, results: Collection[str]) -> list[tuple[str, Table]]:
    """Name the tables in full; each that is read, with the name that it has in the query."""
    found = []
    for node in tree.find_all(exp.Table):
        if node.name in results and not node.db:
            continue
        table = catalog.find_table(node.db or None, node.name)
        if not node.alias:
            node.set("alias", exp.TableAlias(this=node.this.copy()))
        node.set("this", exp.to_identifier(table.name, quoted=True))
        node.set("db", exp.to_identifier(table.schema, quoted=True))
        found.append((node.alias, table))
    return found


def check_columns(tree: exp.Query, tables: Sequence[tuple[str, Table]], by_case: bool) -> None:
    """Every name is a column of a table that is read, or given by AS: nothing else is a name to the database.

    PostgreSQL has hidden columns and takes t.f for a call of a function, SQLite takes a name for a text.
    """
    fold = str if by_case else str.lower
    given = {node.alias for node in tree.find_all(exp.Alias)}
    for alias in tree.find_all(exp.TableAlias):
        given |= {name.name for name in alias.args.get("columns") or ()}
    columns = {column.name for _, table in tables for column in table.columns}
    known = {fold(name) for name in columns | given}
    plain = list_plain_columns(tree, tables, fold)
    names = [(node.this, plain.get(fold(node.table), known)) for node in tree.find_all(exp.Column)]
    for join in tree.find_all(exp.Join):
        names += [(name, known) for name in join.args.get("using") or ()]
    for name, there in names:
        if isinstance(name, exp.Star) or fold(name.name) in there:
            continue
        hint = " Names that are made by the query are given with AS." if given or not columns else ""
        raise QueryRefused(
            f"There is no column {name.name[:100]}.{hint} {name_some('column', sorted(columns))}"
        )


def list_plain_columns(
    tree: exp.Query, tables: Sequence[tuple[str, Table]], fold: Callable[[str], str]
) -> dict[str, set[str]]:
    """What may stand behind each name that means tables alone, wherever it stands in the query."""
    found: dict[str, set[str]] = {}
    for name, table in tables:
        found.setdefault(fold(name), set()).update(fold(column.name) for column in table.columns)
    for node in tree.find_all(exp.Table, exp.Subquery):
        alias = node.args.get("alias")
        is_table = isinstance(node, exp.Table) and node.db and not (alias and alias.args.get("columns"))
        if not is_table:
            found.pop(fold(node.alias), None)
    return found


def limit_rows(tree: exp.Query) -> None:
    """One row more than is shown: so it is known that there are more."""
    limit = tree.args.get("limit")
    wanted = MAX_ROWS + 1
    if limit is not None:
        number = limit.expression
        if not isinstance(number, exp.Literal) or number.is_string or not number.name.isdigit():
            raise QueryRefused("LIMIT takes a number.")
        wanted = min(int(number.name), wanted)
    tree.set("limit", exp.Limit(expression=exp.Literal.number(wanted)))

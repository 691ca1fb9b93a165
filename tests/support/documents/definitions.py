# support/documents/definitions.py -- a catalog of PostgreSQL in the words of specs/documents.md.
import re

from support.databases.catalog import Catalog

Definitions = dict[str, str]
SHORT = {"timestamp with time zone": "timestamptz", "character varying": "varchar"}


def define_columns(catalog: Catalog) -> Definitions:
    """Each table, which is a `table`, and each column with its type, such as `uuid not null`."""
    found = {name.removeprefix("table "): "table" for name in catalog if name.startswith("table ")}
    for name, how in catalog.items():
        if not name.startswith("column "):
            continue
        [parts] = re.findall(r"^\d+\. (.+), not null ([tf]), default (.+), identity", how)
        type_, not_null, default = parts
        for long, short in SHORT.items():
            type_ = type_.replace(long, short)
        default = re.sub(r"::[a-z ]+$", "", default)
        found[name.removeprefix("column ")] = " ".join(
            [type_, *["not null"] * (not_null == "t"), *[f"default {default}"] * (default != "none")]
        )
    return found


def define_constraints(catalog: Catalog) -> Definitions:
    """Each index and constraint, such as `INDEX ON tasks (user_id)`."""
    found = {}
    for name, how in catalog.items():
        if index := re.match(r"CREATE (UNIQUE )?INDEX (\S+) ON public\.(\w+) USING btree (.+), valid t", how):
            unique, key, table, rest = index.groups()
            found.setdefault(key, f"{unique or ''}INDEX ON {table} {rest}")
        elif constraint := re.match(r"constraint (\S+) on (\w+)", name):
            found[constraint[1]] = define_constraint(constraint[2], how)
    return found


def define_constraint(table: str, how: str) -> str:
    if check := re.search(r"CHECK \(\(\((\w+)\)::text = ANY \(\(ARRAY\[(.+)\]\)", how):
        values = ", ".join(re.findall(r"'[^']*'", check[2]))
        return f"CHECK ON {table} ({check[1]} IN ({values}))"
    kind, _, rest = how.partition(" (")
    rest = re.sub(r"REFERENCES (\w+)\(", r"REFERENCES \1 (", rest)
    return f"{kind} ON {table} ({rest}"

# test_names.py -- specs/documents.md names what is there: in PostgreSQL's catalog, the OpenAPI document, the files.
from collections import Counter
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from settings import ROOT
from support.databases.catalog import Place
from support.documents.definitions import Definitions, define_columns, define_constraints
from support.documents.page import ROWS, STATES, Row, names, rows_of
from support.servers import Server

on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True, scope="session")


@pytest.fixture(scope="module")
def catalog(database_url: str) -> dict[str, str]:
    return Place(database_url).catalog()


def disagreements(rows: list[Row], found: Definitions) -> list[str]:
    """A line for each row that the catalog contradicts."""
    lines = []
    for row in rows:
        if row.there == "left out":
            lines += [f"{row}: {name} is there" for name in names(row.said) if name in found]
        if found.get(row.name) != row.promise:
            lines.append(f"{row}: {row.name} is {found.get(row.name)}, not {row.promise}")
    return lines


@on_postgresql
def test_every_table_and_column_is_as_the_page_says(catalog: dict[str, str]) -> None:
    lines = disagreements(rows_of("type"), define_columns(catalog))
    assert not lines, "\n".join(lines)


@on_postgresql
def test_every_key_check_and_index_is_as_the_page_says(catalog: dict[str, str]) -> None:
    lines = disagreements(rows_of("definition"), define_constraints(catalog))
    assert not lines, "\n".join(lines)


def resolve(part: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """A part of the document, or what it refers to in the components."""
    _, _, place = part.get("$ref", "").partition("#/components/")
    kind, _, name = place.partition("/")
    return components[kind][name] if place else part


def fields_of(operation: dict[str, Any], components: dict[str, Any]) -> set[str]:
    """What a request may carry: parameters of its path and query, fields of its body."""
    fields = {resolve(parameter, components)["name"] for parameter in operation.get("parameters", [])}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        fields |= resolve(content["schema"], components).get("properties", {}).keys()
    return fields


@on_postgresql
def test_every_path_is_as_the_page_says(server: Server) -> None:
    document = server.app.openapi()
    takes = {
        f"{method.upper()} {path}": fields_of(operation, document["components"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    # The same routes without a version: the description has them once.
    for context in iter_route_contexts(server.app.routes):
        for method in context.methods or ():
            if not context.include_in_schema and f"{method} /v1{context.path}" in takes:
                takes[f"{method} {context.path}"] = takes[f"{method} /v1{context.path}"]
    lines = [
        f"{row}: {row.name} takes {takes.get(row.name)}"
        for row in rows_of("takes")
        if (set(names(row.promise)) <= takes.get(row.name, set()) and row.name in takes)
        != (row.there == "yes")
    ]
    assert not lines, "\n".join(lines)


def test_every_file_holds_what_the_page_says() -> None:
    lines = []
    for row in rows_of("holds"):
        path = ROOT / row.name
        text = path.read_text() if path.exists() else ""
        held = [name for name in names(row.promise) if name in text]
        if not row.promise or held != (names(row.promise) if row.there == "yes" else []):
            lines.append(f"{row}: {row.name} holds {held}")
    assert not lines, "\n".join(lines)


def test_every_document_is_there_with_every_kind_of_table() -> None:
    """A table whose head is misspelt would otherwise not be read at all."""
    assert {row.there for row in ROWS} == STATES
    kinds = Counter((row.document, row.kind) for row in ROWS)
    for document in ("000", "001", "002", "003", "004"):
        for kind in ("type", "definition", "afterwards"):
            assert kinds[document, kind] >= 2, (document, kind)
    assert all(names(row.parley) for row in ROWS if row.there != "left out")

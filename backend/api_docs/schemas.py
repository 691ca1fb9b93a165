# api_docs/schemas.py -- the schemas of the OpenAPI document as clients need them: requests closed, answers open.
from collections.abc import Iterator

from models.shapes import SPARSE_MARK
from routes.openapi import Document

REFERENCE = "$ref"
# Where a schema holds others: by name, in a list, or one.
MAPS = ("properties", "$defs", "patternProperties")
LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
SINGLE = ("items", "additionalProperties", "contentSchema", "itemSchema")


def list_parts(schema: Document) -> Iterator[Document]:
    """The schema and every schema in it, without those that it refers to."""
    yield schema
    parts = [part for key in MAPS for part in schema.get(key, {}).values()]
    parts += [part for key in LISTS for part in schema.get(key, [])]
    parts += [schema[key] for key in SINGLE if isinstance(schema.get(key), dict)]
    for part in parts:
        yield from list_parts(part)


def list_references(schema: Document) -> set[str]:
    """The names of the components that it refers to."""
    return {part[REFERENCE].rpartition("/")[2] for part in list_parts(schema) if REFERENCE in part}


def find_used(components: dict[str, Document], schemas: list[Document]) -> set[str]:
    """The names of the components that these schemas need, whatever lies between."""
    used: set[str] = set()
    waiting = [name for schema in schemas for name in list_references(schema)]
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting += list_references(components[name])
    return used


def finish_components(components: dict[str, Document], sent: set[str], answered: set[str]) -> None:
    """`sent` are the names of what requests hold, `answered` those of what answers hold.

    A request is closed and says no default, since generated clients would take a field that has one for a required
    one. An answer is open, so that a field more breaks nobody, and says which of its fields are always there.
    """
    for name, component in components.items():
        for part in list_parts(component):
            drop_titles(part)
            if name in sent:
                drop_default(part)
            if name in answered and name not in sent:
                open_object(part)
                require_what_is_there(part)
        for part in list_parts(component):
            part.pop(SPARSE_MARK, None)


def drop_titles(schema: Document) -> None:
    """pydantic gives each field its name again, as a title."""
    if isinstance(schema.get("title"), str):
        del schema["title"]


def drop_default(schema: Document) -> None:
    if "default" not in schema:
        return
    default = schema.pop("default")
    if default is not None:
        schema["description"] = f"{schema.get('description', '')} Without it: `{default}`.".strip()


def open_object(schema: Document) -> None:
    if schema.get("additionalProperties") is False:
        del schema["additionalProperties"]


def require_what_is_there(schema: Document) -> None:
    if "properties" not in schema:
        return
    always = [name for name, field in schema["properties"].items() if SPARSE_MARK not in field]
    if always:
        schema["required"] = always


def without_null(schema: Document) -> Document:
    """The schema of a parameter, which is left out rather than null."""
    others = [choice for choice in schema.get("anyOf", []) if choice.get("type") != "null"]
    if not others or len(others) == len(schema["anyOf"]):
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**others[0], **rest} if len(others) == 1 else {**rest, "anyOf": others}

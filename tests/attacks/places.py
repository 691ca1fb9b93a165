# places.py -- every string, list, number and object that the API takes, from its OpenAPI document.
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import httpx

from attacks.protocol_bodies import BODIES, FORMS

# Stands for the grown value until the request is written: a number of 100,000 digits is no Python number.
GROWN = "grown-value"
METHODS = ("get", "post", "put", "patch", "delete")
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
# These take part in every request, whether or not the document names them.
HEADERS = ("Authorization", "Cookie", "Accept", "X-Request-ID")
MCP_HEADERS = {"Accept": "application/json, text/event-stream"}


@dataclass(frozen=True)
class Operation:
    """One method of one path, with an example for all that it takes."""

    method: str
    path: str
    path_values: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    media_type: str = ""

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    def request(self, client: httpx.Client, grown: str) -> httpx.Request:
        """The request with `grown` where GROWN stands: JSON text inside a JSON body, else plain text."""
        path = self.path
        for name, value in self.path_values.items():
            path = path.replace(f"{{{name}}}", str(value))
        query = {n.replace(GROWN, grown): str(v).replace(GROWN, grown) for n, v in self.query.items()}
        headers = {name: value.replace(GROWN, grown.strip()) for name, value in self.headers.items()}
        content = None
        if self.media_type == JSON_TYPE:
            content = json.dumps(self.body).replace(f'"{GROWN}"', grown).encode()
            headers["Content-Type"] = JSON_TYPE
        elif self.media_type == FORM_TYPE:
            content = str(httpx.QueryParams({k: str(v).replace(GROWN, grown) for k, v in self.body.items()}))
            headers["Content-Type"] = FORM_TYPE
        return client.build_request(
            self.method, path.replace(GROWN, grown), params=query or None, headers=headers, content=content
        )


@dataclass(frozen=True)
class Place:
    """One thing in an operation that may grow, as `kind`: text, string, number, array, object or whole (any JSON).

    `limit` is the length that the document allows, where it names one.
    """

    operation: Operation
    name: str
    kind: str
    limit: int | None = None


class Document:
    """The OpenAPI document; `known` holds ids that exist, so that a request reaches what it is about."""

    def __init__(self, document: dict[str, Any], known: dict[str, Any]) -> None:
        self._document = document
        self._known = known

    def places(self) -> Iterator[Place]:
        for path, operations in self._document["paths"].items():
            for method in METHODS:
                if method in operations:
                    yield from self._places_of(method, path, operations[method])
        for path, body in BODIES:
            operation = Operation(
                "post", path, headers=MCP_HEADERS if path == "/mcp" else {}, media_type=JSON_TYPE
            )
            yield from self._places_of_body(operation, body)
        for path, form in FORMS:
            operation = Operation("post", path, media_type=FORM_TYPE)
            for name in form:
                yield Place(replace(operation, body={**form, name: GROWN}), f"form {name}", "text")
        way = Operation("get", "/oauth/authorize", query={"client_id": "x", "state": GROWN})
        yield Place(way, "query state", "text")

    def _places_of(self, method: str, path: str, described: dict[str, Any]) -> Iterator[Place]:
        values: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}, "cookie": {}}
        parameters = [self.resolved(parameter) for parameter in described.get("parameters", [])]
        for parameter in parameters:
            if parameter["in"] == "path":
                values["path"][parameter["name"]] = self.example(parameter["schema"], parameter["name"])
        operation = Operation(method, path, path_values=values["path"])
        bodies = described.get("requestBody", {}).get("content", {})
        for media_type, content in bodies.items():
            schema = self.resolved(content["schema"])
            with_body = replace(operation, media_type=media_type, body=self.example(schema))
            yield from self._places_of_body(with_body, schema)
            operation = with_body
        for parameter in parameters:
            yield from self._places_of_parameter(operation, parameter)
        yield Place(replace(operation, query={GROWN: "1"}), "query's unknown name", "text")
        for header in HEADERS:
            yield Place(replace(operation, headers={header: GROWN}), f"header {header}", "text")

    def _places_of_parameter(self, operation: Operation, parameter: dict[str, Any]) -> Iterator[Place]:
        name, where = parameter["name"], parameter["in"]
        limit = self.resolved(parameter["schema"]).get("maxLength")
        if where == "path":
            grown = replace(operation, path_values={**operation.path_values, name: GROWN})
        elif where == "query":
            grown = replace(operation, query={name: GROWN})
        else:
            grown = replace(operation, headers={name: GROWN})
        yield Place(grown, f"{where} {name}", "text", limit)

    def _places_of_body(self, operation: Operation, schema: dict[str, Any]) -> Iterator[Place]:
        if operation.media_type == FORM_TYPE:
            for name in self.resolved(schema).get("properties", {}):
                body = {**operation.body, name: GROWN}
                yield Place(replace(operation, body=body), f"form {name}", "text")
            return
        yield Place(replace(operation, body=GROWN), "body", "whole")
        for name, kind, limit, body in self._grown(schema, "body"):
            yield Place(replace(operation, body=body), name, kind, limit)

    def _grown(self, schema: dict[str, Any], name: str) -> Iterator[tuple[str, str, int | None, Any]]:
        """Each place of a JSON value, with the whole value in which GROWN stands there."""
        schema = self.resolved(schema)
        kind = schema.get("type")
        if kind == "object":
            example = self.example(schema)
            yield f"{name}{{}}", "object", None, GROWN
            for part, inner in schema.get("properties", {}).items():
                for where, what, limit, value in self._grown(inner, f"{name}.{part}"):
                    yield where, what, limit, {**example, part: value}
        elif kind == "array":
            yield f"{name}[]", "array", schema.get("maxItems"), GROWN
            for where, what, limit, value in self._grown(schema["items"], f"{name}[0]"):
                yield where, what, limit, [value]
        elif kind == "string":
            yield name, "string", schema.get("maxLength"), GROWN
        elif kind in ("integer", "number"):
            yield name, "number", None, GROWN

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema behind a reference, and of alternatives the first that is not null."""
        if "$ref" in schema:
            found: Any = self._document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            return self.resolved(found)
        for choices in ("anyOf", "oneOf"):
            if choices in schema:
                first = next(each for each in schema[choices] if each.get("type") != "null")
                return {**self.resolved(first), **{k: v for k, v in schema.items() if k != choices}}
        return schema

    def example(self, schema: dict[str, Any], name: str = "") -> Any:
        """A small value that the schema allows: a known one, else the document's own example."""
        schema = self.resolved(schema)
        if name in self._known:
            return self._known[name]
        for key, pick in (("const", None), ("examples", 0), ("enum", 0)):
            if key in schema:
                return schema[key] if pick is None else schema[key][pick]
        kind = schema.get("type")
        if kind == "object":
            required = schema.get("required", list(schema.get("properties", {})))
            return {part: self.example(schema["properties"][part], part) for part in required}
        if kind == "array":
            return [self.example(schema["items"])]
        if kind in ("integer", "number"):
            return schema.get("minimum", 1)
        if kind == "boolean":
            return True
        return str(uuid4()) if schema.get("format") == "uuid" else "x" * max(1, schema.get("minLength", 1))

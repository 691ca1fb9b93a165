# test_description.py -- the OpenAPI document names every route, error and example.


import pytest

from support.api.bad_input import FILE_TYPE, ON_ONE_ENGINE, Somebody, operations
from support.servers import Person, Server

ERRORS = {"400", "401", "403", "404", "405", "409", "413", "415", "422", "429", "500", "503"}


@pytest.mark.engines("sqlite")
def test_the_description_names_every_route(server: Server) -> None:
    from fastapi.routing import iter_route_contexts

    hidden = {
        "/docs",
        "/docs/{name}",
        "/redoc",
        "/openapi.json",
        "/openapi-3.2.json",
        "/",
        "/favicon.ico",
        "/service_worker.js",
        "/web/{name:path}",
    }
    hidden |= {
        context.path
        for context in iter_route_contexts(server.app.routes)
        if is_described_elsewhere(context.path)
    }  # type: ignore[attr-defined]
    hidden |= {"/robots.txt", "/.well-known/security.txt", "/.well-known/change-password"}
    hidden |= {"/mcp", "/mcp/", "/.well-known/oauth-protected-resource/mcp"}
    routes = {
        f"{method} {context.path}"  # type: ignore[attr-defined]
        for context in iter_route_contexts(server.app.routes)
        for method in context.methods - {"HEAD"}  # type: ignore[attr-defined]
        if context.path not in hidden  # type: ignore[attr-defined]
    }
    assert {route for route, _ in operations(server)} == routes


def is_described_elsewhere(path: str) -> bool:
    """Of document 001 the same routes stand under /v1; others describe their protocols."""
    return path.startswith(
        ("/chats/", "/openai/", "/ai-sdk/", "/ag-ui", "/oauth/", "/.well-known/oauth", "/v1/web/consent")
    )


@ON_ONE_ENGINE
def test_every_operation_says_what_it_does_and_what_can_go_wrong(server: Server) -> None:
    wrong: list[str] = []
    names = [operation["operationId"] for _, operation in operations(server)]
    assert len(set(names)) == len(names)
    for route, operation in operations(server):
        answers = operation["responses"]
        needed = set()
        if operation.get("security"):
            needed.add("401")
        if "{" in route:
            needed |= {"404"}
        parameters = operation.get("parameters", [])
        own = {parameter["name"] for parameter in parameters if "name" in parameter}
        shared = {parameter["$ref"].rpartition("/")[2] for parameter in parameters if "$ref" in parameter}
        if own or operation.get("requestBody"):  # no preference is refused
            needed.add("422")
        if route.split(" ")[1].startswith("/v1") and "Prefer" not in shared:
            wrong.append(f"{route}: the preference for times is not described")
        if operation.get("requestBody"):
            needed |= {"400", "413"}
        for status in needed - answers.keys():
            wrong.append(f"{route}: {status} is not described")
        if not operation.get("summary") or len(operation.get("tags", [])) != 1:
            wrong.append(f"{route}: no summary, or not one tag")
        for status, answer in answers.items():
            if status in ERRORS and [*answer.get("content", {})] != ["application/problem+json"]:
                wrong.append(f"{route}: {status} is no problem+json")
            if not answer.get("description"):
                wrong.append(f"{route}: {status} has no description")
            if status not in ERRORS | {"204"} and not answer.get("content"):
                wrong.append(f"{route}: {status} has no content")
    assert wrong == []


@pytest.mark.engines("sqlite")
@pytest.mark.busy
def test_every_body_has_an_example_that_works(server: Server, somebody: Somebody, ann: Person) -> None:
    """Of each field that is needed, or of the body as a whole; as it stands there, it is understood."""
    schema = server.app.openapi()
    wrong: list[str] = []
    for route, operation in operations(server):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            if kind == FILE_TYPE:
                continue
            shape = schema["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            whole = (
                content.get("examples")
                or content.get("example")
                or shape.get("examples")
                or shape.get("example")
            )
            needed = shape.get("required", []) or list(shape["properties"])
            bare = [name for name in needed if not shape["properties"][name].get("examples")]
            if not whole and bare:
                wrong.append(f"{route} ({kind}): no example of {', '.join(bare)}")
                continue
            if whole:
                example = whole[0] if isinstance(whole, list) else whole
            else:
                example = {name: shape["properties"][name]["examples"][0] for name in needed}
            sent = {"json" if kind == "application/json" else "data": example}
            answer = ann.http.request(route.split(" ")[0], somebody.path(route), **sent)
            if answer.status_code in (400, 422):
                wrong.append(f"{route} ({kind}): {example} is refused: {answer.text}")
    assert wrong == []

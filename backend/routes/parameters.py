# routes/parameters.py -- query and header parameters: absent ones cost nothing, unknown ones are refused.
import copy
import inspect
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import cache, lru_cache

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic.fields import FieldInfo

from routes.door import Door

Handler = Callable[[Request], Coroutine[None, None, Response]]
Endpoint = Callable[..., Coroutine[None, None, object]]
Names = frozenset[str]
NO_NAMES: Names = frozenset()
# By which the request is passed to a function that does not take it: no parameter of a route has this name.
REQUEST = "request of the route"
# Of one route: clients send few sets of parameters.
KEPT_HANDLERS = 32


def find_query_names(dependant: Dependant) -> Names:
    """The query parameters of a route and of what it depends on."""
    own = {field.alias for field in dependant.query_params}
    return frozenset(own.union(*(find_query_names(part) for part in dependant.dependencies)))


def find_header_names(dependant: Dependant) -> Names:
    """The same of headers, in lower case."""
    own = {field.alias.lower() for field in dependant.header_params}
    return frozenset(own.union(*(find_header_names(part) for part in dependant.dependencies)))


def refuse_unknown_parameters(request: Request, named: Names) -> None:
    """A parameter that is misspelt would else change nothing, unnoticed."""
    unknown = [name for name in request.query_params if name not in named]
    if unknown:
        message = "There is no such parameter"
        raise RequestValidationError(
            [{"type": "extra_forbidden", "loc": ("query", name), "msg": message} for name in unknown]
        )


def build_lean_handler(route: APIRoute) -> Handler:
    """FastAPI's handler of the route, for which a parameter counts only if the request brings it.

    FastAPI works out the type of each parameter anew on each request: of a list with ten filters that took longer than
    the list. An absent one is left to the function, which has the same default. A dependency that needs nothing but the
    request is called here, which takes a tenth of what FastAPI does around it.
    """
    query_names, header_names = find_query_names(route.dependant), find_header_names(route.dependant)
    headers_by_bytes = {name.encode(): name for name in header_names}

    @lru_cache(KEPT_HANDLERS)
    def build_handler(query: Names, headers: Names) -> Handler:
        lean = copy.copy(route)
        lean.dependant = call_plain_dependencies(keep_parameters(route.dependant, query, headers))
        return APIRoute.get_route_handler(lean)

    async def handle(request: Request) -> Response:
        query = headers = NO_NAMES
        if query_names and request.scope["query_string"]:
            query = query_names.intersection(request.query_params)
        if header_names:
            sent = headers_by_bytes.keys() & {name for name, _ in request.scope["headers"]}
            headers = frozenset(headers_by_bytes[name] for name in sent)
        return await build_handler(query, headers)(request)

    return handle


def keep_parameters(dependant: Dependant, query: Names, headers: Names) -> Dependant:
    """Without the parameters of other names, as far as their functions have defaults for them."""
    return replace(
        dependant,
        query_params=[
            field
            for field in dependant.query_params
            if field.alias in query or not has_default(dependant, field.name, field.field_info)
        ],
        header_params=[
            field
            for field in dependant.header_params
            if field.alias.lower() in headers or not has_default(dependant, field.name, field.field_info)
        ],
        dependencies=[keep_parameters(part, query, headers) for part in dependant.dependencies],
    )


def has_default(dependant: Dependant, name: str, info: FieldInfo) -> bool:
    """Whether the function itself takes the value for a parameter that FastAPI would give it."""
    assert dependant.call is not None
    default: object = inspect.signature(dependant.call).parameters[name].default
    return not info.validate_default and default == info.default


def is_plain(part: Dependant) -> bool:
    """Whether a dependency is a coroutine function of the request alone, or of nothing, whose result is passed on."""
    needs = (
        *(part.path_params, part.query_params, part.header_params, part.cookie_params, part.body_params),
        *(part.dependencies, part.websocket_param_name, part.http_connection_param_name),
        *(part.response_param_name, part.background_tasks_param_name, part.security_scopes_param_name),
        part.concurrency,
    )
    return part.name is not None and not any(needs) and is_coroutine(part.call)


def is_coroutine(call: object) -> bool:
    return inspect.iscoroutinefunction(call) or isinstance(call, Door)


def call_plain_dependencies(dependant: Dependant) -> Dependant:
    """A route whose function calls its plain dependencies itself."""
    plain = [part for part in dependant.dependencies if is_plain(part)]
    if not plain or dependant.call is None or not is_coroutine(dependant.call):
        return dependant
    called = tuple((str(part.name), part.call, part.request_param_name is not None) for part in plain)
    return replace(
        dependant,
        call=wrap_endpoint(dependant.call, dependant.request_param_name, called),
        request_param_name=dependant.request_param_name or REQUEST,
        dependencies=[part for part in dependant.dependencies if part not in plain],
    )


@cache
def wrap_endpoint(
    endpoint: Endpoint, request_name: str | None, plain: tuple[tuple[str, Endpoint, bool], ...]
) -> Endpoint:
    """The function of a route, called with what its dependencies give: each has a name, and may take the request.

    It is kept, because FastAPI keeps what it finds out of each function that it meets.
    """

    async def call_endpoint(**values: object) -> object:
        request = values[request_name] if request_name is not None else values.pop(REQUEST)
        for name, call, takes_request in plain:
            values[name] = await (call(request) if takes_request else call())
        return await endpoint(**values)

    return call_endpoint

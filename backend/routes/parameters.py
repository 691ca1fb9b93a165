# routes/parameters.py -- query and header parameters: absent ones cost nothing, unknown ones are refused.
import copy
import inspect
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import lru_cache

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic.fields import FieldInfo

Handler = Callable[[Request], Coroutine[None, None, Response]]
Names = frozenset[str]
NO_NAMES: Names = frozenset()
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
    the list. An absent one is left to the function, which has the same default.
    """
    query_names, header_names = find_query_names(route.dependant), find_header_names(route.dependant)
    headers_by_bytes = {name.encode(): name for name in header_names}

    @lru_cache(KEPT_HANDLERS)
    def build_handler(query: Names, headers: Names) -> Handler:
        lean = copy.copy(route)
        lean.dependant = keep_parameters(route.dependant, query, headers)
        return APIRoute.get_route_handler(lean)

    async def handle(request: Request) -> Response:
        query = headers = NO_NAMES
        if query_names and request.scope["query_string"]:
            query = query_names.intersection(request.query_params)
        if header_names:
            sent = headers_by_bytes.keys() & {name for name, _ in request.scope["headers"]}
            headers = frozenset(headers_by_bytes[name] for name in sent)
        return await build_handler(query, headers)(request)

    return handle if query_names or header_names else APIRoute.get_route_handler(route)


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

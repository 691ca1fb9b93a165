# tools/registry.py -- what a tool is, how one is registered, and how a call of it is made.
from collections.abc import Awaitable, Callable, Collection
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import structlog
from pydantic import BaseModel, ValidationError
from structlog.typing import FilteringBoundLogger

from access import Caller
from db import Transaction, ends_transaction
from errors import ParleyError
from models.identity.api_token import SCOPES_FOR, Permission
from models.recorded_call import MAX_ARGUMENT_LEVELS
from models.shapes import JsonObject

log: FilteringBoundLogger = structlog.get_logger()

# What a call may do: `read` changes nothing, `write` changes or adds, `destructive` takes away.
Effect = Literal["read", "write", "destructive"]
MAX_EXPLAINED_ERRORS = 5
# Any: each tool has arguments of a class of its own, which `Tool.arguments` names.
ToolFunction = Callable[[Transaction, Caller, Any], Awaitable[JsonObject]]


class ToolError(Exception):
    """A call failed; the text is a sentence that a model can act on."""


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    description: str
    effect: Effect
    permission: Permission
    arguments: type[BaseModel]
    result: type[BaseModel]
    function: ToolFunction
    idempotent: bool

    @property
    def title(self) -> str:
        return self.name.replace("_", " ").capitalize()

    def parameters(self) -> JsonObject:
        """The JSON Schema of the arguments, which nobody may change."""
        return build_schema(self.arguments, "validation")

    def output(self) -> JsonObject:
        """The JSON Schema of the result, which nobody may change."""
        return build_schema(self.result, "serialization")


@cache
def build_schema(shape: type[BaseModel], mode: Literal["validation", "serialization"]) -> JsonObject:
    """Built once: it takes a millisecond, and each request of a model holds one for every tool."""
    return strip_titles(shape.model_json_schema(mode=mode))


def strip_titles(schema: JsonObject) -> JsonObject:
    return {key: value for key, value in schema.items() if key not in ("title", "description")}


TOOLS: dict[str, Tool] = {}


def register_tool(
    effect: Effect,
    permission: Permission,
    arguments: type[BaseModel],
    result: type[BaseModel],
    *,
    idempotent: bool = True,
) -> Callable[[ToolFunction], ToolFunction]:
    """Register a function as a tool; its name and docstring are what models and users see.

    `permission`: what an API token needs for a call over MCP. `idempotent`: a second call with the same arguments
    changes nothing more.
    """

    def register(function: ToolFunction) -> ToolFunction:
        name, description = function.__name__, " ".join((function.__doc__ or "").split())
        TOOLS[name] = Tool(name, description, effect, permission, arguments, result, function, idempotent)
        return function

    return register


def parse_call(name: str, arguments: object) -> tuple[Tool, BaseModel]:
    """The tool and its arguments; ToolError where there is no such tool or they do not fit."""
    found = TOOLS.get(name)
    if found is None:
        raise ToolError(describe_unknown_tool(name, TOOLS))
    if not isinstance(arguments, dict):
        raise ToolError(f"The arguments are not a JSON object of at most {MAX_ARGUMENT_LEVELS} levels.")
    unknown = len(arguments) - len(found.arguments.model_fields)
    if unknown > MAX_EXPLAINED_ERRORS:  # to describe each of them would block the event loop
        raise ToolError(f"Wrong arguments for {name}: at least {unknown} of them are not known.")
    try:
        return found, found.arguments.model_validate(arguments)
    except ValidationError as error:
        raise ToolError(f"Wrong arguments for {name}: {summarize_errors(error)}.") from error


def describe_unknown_tool(name: str, tools: Collection[str]) -> str:
    """For a model that has called it: which tools it has instead."""
    return f"There is no tool named {name[:100]}. The tools are: {', '.join(tools) or 'none'}."


async def call_tool(
    tx: Transaction, caller: Caller, name: str, arguments: object, *, savepoint: bool = True
) -> JsonObject:
    """Run a tool; its effect is part of `tx`, or there is none when it raises ToolError.

    Without a savepoint the caller has to roll `tx` back after a ToolError.
    """
    found, parsed = parse_call(name, arguments)
    if not caller.is_allowed(found.permission):
        raise ToolError(
            f"{name} needs the scope {SCOPES_FOR[found.permission][0]}, which this API token lacks."
        )
    try:
        async with tx.begin_nested() if savepoint else nullcontext():
            return await found.function(tx, caller, parsed)
    except ParleyError as error:
        raise ToolError(error.detail) from error
    except Exception as error:
        if ends_transaction(error):
            raise
        log.error("tool failed", tool=name, exc_info=error)
        raise ToolError(f"{name} failed on our side; nothing was changed.") from error


def summarize_errors(error: ValidationError) -> str:
    places = [
        (".".join(map(str, e["loc"])) or "arguments", e["msg"]) for e in error.errors()[:MAX_EXPLAINED_ERRORS]
    ]
    return "; ".join(f"{place[:100]}: {message[:200]}" for place, message in places)

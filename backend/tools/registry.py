# tools/registry.py -- what a tool is, how one is registered, and how a call of it is made.
from collections.abc import Awaitable, Callable, Collection
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import structlog
from pydantic import BaseModel, ValidationError
from structlog.typing import FilteringBoundLogger

from access import Caller
from db import Transaction, ends_transaction
from errors import ParleyError
from models.identity.api_token import SCOPES_FOR, Permission
from models.recorded_call import MAX_ARGUMENT_LEVELS
from models.shapes import JsonObject
from queries.refusals import QueryRefused

if TYPE_CHECKING:
    from queries.databases import AccountDatabases

log: FilteringBoundLogger = structlog.get_logger()

# What a call may do: `read` changes nothing, `write` changes or adds, `destructive` takes away.
Effect = Literal["read", "write", "destructive"]
MAX_EXPLAINED_ERRORS = 5
# Any: each tool has arguments of a class of its own, which `Tool.arguments` names.
Arguments = Any
ToolFunction = Callable[[Transaction, Caller, Arguments], Awaitable[JsonObject]]
DataFunction = Callable[["AccountDatabases", Arguments], Awaitable[JsonObject]]


class ToolError(Exception):
    """A call failed; the text is a sentence that a model can act on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyTool:
    """What a model and people are told of a tool."""

    name: str
    description: str
    arguments: type[BaseModel]
    result: type[BaseModel]

    @property
    def title(self) -> str:
        return self.name.replace("_", " ").capitalize()

    def parameters(self) -> JsonObject:
        """The JSON Schema of the arguments, which nobody may change."""
        return build_schema(self.arguments, "validation")

    def output(self) -> JsonObject:
        """The JSON Schema of the result, which nobody may change."""
        return build_schema(self.result, "serialization")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(AnyTool):
    """It works with rows of Parley's own, for every agent that is not cut to others, and over MCP."""

    effect: Effect
    permission: Permission
    function: ToolFunction
    idempotent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DataTool(AnyTool):
    """It reads databases of the operator's. Only an agent that names it has it, where its account may use one."""

    function: DataFunction


def list_choosable(*, with_data: bool) -> dict[str, AnyTool]:
    """What an account may give to a hosted agent; those on data where the operator has named a database."""
    return {**TOOLS, **(DATA_TOOLS if with_data else {})}


@cache
def build_schema(shape: type[BaseModel], mode: Literal["validation", "serialization"]) -> JsonObject:
    """Built once: it takes a millisecond, and each request of a model holds one for every tool."""
    return strip_titles(shape.model_json_schema(mode=mode))


def strip_titles(schema: JsonObject) -> JsonObject:
    return {key: value for key, value in schema.items() if key not in ("title", "description")}


TOOLS: dict[str, Tool] = {}
DATA_TOOLS: dict[str, DataTool] = {}


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
        name, description = describe_function(function)
        TOOLS[name] = Tool(
            name=name,
            description=description,
            effect=effect,
            permission=permission,
            arguments=arguments,
            result=result,
            function=function,
            idempotent=idempotent,
        )
        return function

    return register


def register_data_tool(
    arguments: type[BaseModel], result: type[BaseModel]
) -> Callable[[DataFunction], DataFunction]:
    """The same for a tool that reads databases of the operator's."""

    def register(function: DataFunction) -> DataFunction:
        name, description = describe_function(function)
        DATA_TOOLS[name] = DataTool(
            name=name, description=description, arguments=arguments, result=result, function=function
        )
        return function

    return register


def describe_function(function: Callable[..., object]) -> tuple[str, str]:
    return function.__name__, " ".join((function.__doc__ or "").split())


def parse_call(name: str, arguments: object) -> tuple[Tool, BaseModel]:
    """The tool and its arguments; ToolError where there is no such tool or they do not fit."""
    found = TOOLS.get(name)
    if found is None:
        raise ToolError(describe_unknown_tool(name, TOOLS))
    return found, parse_arguments(found, arguments)


def parse_arguments(tool: AnyTool, arguments: object) -> BaseModel:
    name = tool.name
    if not isinstance(arguments, dict):
        raise ToolError(f"The arguments are not a JSON object of at most {MAX_ARGUMENT_LEVELS} levels.")
    unknown = len(arguments) - len(tool.arguments.model_fields)
    if unknown > MAX_EXPLAINED_ERRORS:  # to describe each of them would block the event loop
        raise ToolError(f"Wrong arguments for {name}: at least {unknown} of them are not known.")
    try:
        return tool.arguments.model_validate(arguments)
    except ValidationError as error:
        raise ToolError(f"Wrong arguments for {name}: {summarize_errors(error)}.") from error


def describe_missing_scope(name: str, permission: Permission) -> str:
    return f"{name} needs the scope {SCOPES_FOR[permission][0]}, which this API token lacks."


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
        raise ToolError(describe_missing_scope(name, found.permission))
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


async def call_data_tool(databases: "AccountDatabases", name: str, arguments: object) -> JsonObject:
    """Ask the account's databases. No transaction of Parley's own is open meanwhile."""
    tool = DATA_TOOLS[name]
    parsed = parse_arguments(tool, arguments)
    try:
        return await tool.function(databases, parsed)
    except QueryRefused as refusal:
        raise ToolError(str(refusal)) from refusal
    except Exception as error:
        log.error("tool failed", tool=name, exc_info=error)
        raise ToolError(f"{name} failed on our side.") from error


def summarize_errors(error: ValidationError) -> str:
    places = [
        (".".join(map(str, e["loc"])) or "arguments", e["msg"]) for e in error.errors()[:MAX_EXPLAINED_ERRORS]
    ]
    return "; ".join(f"{place[:100]}: {message[:200]}" for place, message in places)

# llm/provider_model.py -- a provider's model as Parley's: turns out, stream in, failures in words.
# pydantic-ai takes more than a second to import, so every import of it waits until a model is asked.
import asyncio
import codecs
import json
import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from structlog.typing import FilteringBoundLogger

from llm.protocol import AgentTurn, ModelError, ModelEvent, ModelRequest, TextDelta, ToolCall, Usage, UserTurn
from llm.provider_errors import BROKEN, FAILED, FILTERED, explain
from llm.sanitize import as_arguments, clean
from models.columns import MAX_COUNT, to_count

if TYPE_CHECKING:
    from pydantic_ai import messages
    from pydantic_ai.models import Model as Backend
    from pydantic_ai.models import ModelRequestParameters, StreamedResponse

log: FilteringBoundLogger = structlog.get_logger()

IDLE_SECONDS = 60.0
# What a call costs beside its letters.
CALL_BYTES = 100


class ProviderModel:
    """A model behind a provider's API. Closing what `respond` returns closes the connection.

    `secrets` are cut out of what the provider says before that is logged.
    """

    def __init__(
        self,
        name: str,
        backend: "Backend",
        *,
        idle_seconds: float = IDLE_SECONDS,
        secrets: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.backend = backend
        self.idle_seconds = idle_seconds
        self.secrets = secrets

    async def respond(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        try:
            async with aclosing(self._answer(request)) as events:
                async for event in events:
                    yield event
        except ModelError:
            raise
        except Exception as error:
            raise explain(error, self.secrets) from error

    async def _answer(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        from pydantic_ai.direct import model_request_stream

        answer = _Answer(
            {call.id for turn in request.turns if isinstance(turn, AgentTurn) for call in turn.tool_calls},
            request.answer_bytes,
        )
        async with AsyncExitStack() as stack:
            opening = model_request_stream(
                self.backend, _messages(request), model_request_parameters=_parameters(request)
            )
            async with asyncio.timeout(self.idle_seconds):
                stream = await stack.enter_async_context(opening)
            events = aiter(stream)
            while True:
                async with asyncio.timeout(self.idle_seconds):
                    event = await anext(events, None)
                if event is None:
                    break
                if text := answer.add(event):
                    yield TextDelta(text)
        if text := answer.rest_of_text():
            yield TextDelta(text)
        _check_end(stream, answer)
        for call in answer.tool_calls():
            yield call
        usage = stream.usage
        yield Usage(_count("input", usage.input_tokens), _count("output", usage.output_tokens))


def _count(what: str, tokens: Any) -> int:
    """The number as it can be stored; a fraction is rounded, and what no count can be is dropped."""
    if isinstance(tokens, (int, float)) and 0 <= tokens <= MAX_COUNT:
        return to_count(tokens)
    log.warning("the provider's count of tokens is dropped", which=what, count=repr(tokens)[:100])
    return 0


def _check_end(stream: "StreamedResponse", answer: "_Answer") -> None:
    ended = f"the answer ended with finish_reason {stream.finish_reason}"
    if stream.finish_reason == "content_filter":
        raise ModelError(FILTERED, transient=False, cause=ended)
    if stream.finish_reason == "error":
        raise ModelError(FAILED, transient=True, cause=ended)
    if "finish_reason" not in (stream.provider_details or {}):
        cause = "the answer ended without a finish_reason"
        raise ModelError(BROKEN, transient=True, cause=cause)  # cut where it looks like an end
    if answer.empty:
        raise ModelError("The model gave an empty answer.", transient=True, cause=ended)


def _parameters(request: ModelRequest) -> "ModelRequestParameters":
    from pydantic_ai import messages
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.tools import ToolDefinition

    try:
        zone = ZoneInfo(request.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = ZoneInfo("UTC")
    now = request.now.astimezone(zone)
    time = f"It is {now:%A}, {now.isoformat(timespec='minutes')} ({zone.key})."
    return ModelRequestParameters(
        function_tools=[
            ToolDefinition(
                name=tool.name,
                description=tool.description,
                parameters_json_schema=tool.parameters,
                strict=False,  # strict would make every optional argument required
            )
            for tool in request.tools
        ],
        allow_text_output=True,
        instruction_parts=[messages.InstructionPart(clean(f"{request.instructions}\n\n{time}".strip()))],
    )


def _messages(request: ModelRequest) -> "list[messages.ModelMessage]":
    """The history in pydantic-ai's shapes, every call followed by its outcome, nothing empty.

    Calls are numbered anew: providers differ in the ids they take, nine letters or digits suit all.
    """
    from pydantic_ai import messages

    history: list[messages.ModelMessage] = []
    number = 0
    for turn in request.turns:
        answer: list[messages.ModelResponsePart] = []
        asked: list[messages.ModelRequestPart] = []
        if isinstance(turn, UserTurn):
            if turn.text.strip():
                asked.append(messages.UserPromptPart(clean(turn.text)))
        else:
            if turn.text.strip():
                answer.append(messages.TextPart(clean(turn.text)))
            for call in turn.tool_calls:
                number += 1
                call_part, outcome_part = _call_parts(call, f"call{number:05d}")
                answer.append(call_part)
                asked.append(outcome_part)
        if answer:
            history.append(messages.ModelResponse(answer))
        if asked:
            history.append(messages.ModelRequest(asked))
    return history


def _call_parts(call: ToolCall, call_id: str) -> "tuple[messages.ToolCallPart, messages.ToolReturnPart]":
    from pydantic_ai import messages

    # A model may have made up a name that no provider takes back.
    name = re.sub(r"[^A-Za-z0-9_-]", "_", call.name)[:64] or "unknown"
    arguments = call.arguments if isinstance(call.arguments, dict) else {"INVALID_JSON": call.arguments}
    part = messages.ToolCallPart(name, clean(arguments), call_id)
    if call.error is not None:
        return part, messages.ToolReturnPart(name, clean(call.error), call_id, outcome="failed")
    result = "null" if call.result is None else clean(call.result)
    return part, messages.ToolReturnPart(name, result, call_id)


@dataclass
class _Call:
    id: str
    name: str
    arguments: str | dict[str, Any]

    def extend(self, name: str | None, arguments: str | dict[str, Any] | None) -> None:
        self.name += name or ""
        if isinstance(self.arguments, dict) and isinstance(arguments, dict):
            self.arguments = {**self.arguments, **arguments}
        elif arguments:
            self.arguments = arguments if not self.arguments else f"{self.arguments}{arguments}"


class _Answer:
    """Gathers one answer from the events of its stream."""

    def __init__(self, taken_ids: set[str], most_bytes: int) -> None:
        self.empty = True
        self._taken_ids = taken_ids
        self._most_bytes = most_bytes
        self._bytes = 0
        self._calls: list[_Call] = []
        self._growing: dict[int, _Call] = {}
        # Joins a surrogate pair that two pieces share, and replaces any half that stays alone.
        self._utf16 = codecs.getincrementaldecoder("utf-16-le")("replace")

    def add(self, event: "messages.ModelResponseStreamEvent") -> str:
        """Take the event in; returns the text that it adds to the answer."""
        from pydantic_ai import messages

        match event:
            case messages.PartStartEvent(part=messages.TextPart(content=text)):
                return self._text(text)
            case messages.PartDeltaEvent(delta=messages.TextPartDelta(content_delta=text)):
                return self._text(text)
            case messages.PartStartEvent(part=messages.ThinkingPart(content=thought)):
                self._count(thought)
            case messages.PartDeltaEvent(delta=messages.ThinkingPartDelta(content_delta=thought)):
                self._count(thought)
            case messages.PartStartEvent(part=messages.ToolCallPart() as part):
                self._count(part.tool_name, part.args, CALL_BYTES)
                self._start(event.index, _Call(part.tool_call_id, part.tool_name, part.args or ""))
            case messages.PartDeltaEvent(delta=messages.ToolCallPartDelta() as delta):
                self._count(delta.tool_name_delta, delta.args_delta)
                call = self._growing[event.index]
                if delta.tool_name_delta and delta.tool_call_id not in (None, call.id):
                    # Some endpoints give all parallel calls the same index.
                    call = _Call(delta.tool_call_id or "", delta.tool_name_delta, delta.args_delta or "")
                    self._start(event.index, call)
                else:
                    call.extend(delta.tool_name_delta, delta.args_delta)
        return ""

    def _count(self, *pieces: Any) -> None:
        """What comes beside the text: nobody sees it before the answer is whole, so it is bounded here."""
        self._bytes += sum(
            piece if isinstance(piece, int) else len(str(piece).encode("utf-8", "replace")) if piece else 0
            for piece in pieces
        )
        if self._bytes > self._most_bytes:
            raise ModelError(
                f"The model's calls and thoughts are longer than {self._most_bytes} bytes.", transient=False
            )

    def _start(self, index: int, call: _Call) -> None:
        self.empty = False
        self._growing[index] = call
        self._calls.append(call)

    def _text(self, piece: str, *, final: bool = False) -> str:
        text = self._utf16.decode(piece.encode("utf-16-le", "surrogatepass"), final).replace("\0", "\ufffd")
        self.empty = self.empty and not text.strip()
        return text

    def rest_of_text(self) -> str:
        return self._text("", final=True)

    def tool_calls(self) -> Iterator[ToolCall]:
        for call in self._calls:
            call_id = clean(call.id)
            if not call_id or call_id in self._taken_ids:
                call_id = f"call_{uuid4().hex}"
            self._taken_ids.add(call_id)
            yield ToolCall(call_id, clean(call.name), _read_arguments(call.arguments))


def _read_arguments(raw: str | dict[str, Any]) -> dict[str, Any] | str:
    """The arguments as a JSON object that any database stores, or as the text that is none."""
    if isinstance(raw, dict):
        return as_arguments(raw)
    try:
        # Many models send nothing at all to a tool that takes nothing.
        value = json.loads(raw.strip() or "{}")
    except (ValueError, RecursionError):
        value = None
    arguments = as_arguments(value) if isinstance(value, dict) else raw
    return arguments if isinstance(arguments, dict) else as_arguments(raw)

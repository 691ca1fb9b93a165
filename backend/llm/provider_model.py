# llm/provider_model.py -- adapts a model of pydantic-ai to llm/protocol.py
# Functions import pydantic-ai: that takes over a second, and the offline model does not need it.
import codecs
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from llm.call_arguments import parse_arguments, read_object
from llm.finish_reasons import normalize_finish_reason
from llm.model_options import ModelOptions
from llm.openai_wire.messages import clean_name
from llm.protocol import (
    AgentTurn,
    AnswerEnd,
    FinishReason,
    ModelError,
    ModelEvent,
    ModelRequest,
    TextDelta,
    TokensUsed,
    ToolCall,
    UserTurn,
)
from llm.provider_errors import BROKEN, CUT_OFF, EMPTY, FAILED, FILTERED, explain_error, make_size_error
from llm.sanitize import sanitize, sanitize_arguments
from llm.token_counts import peek_token_count, read_token_count
from models.shapes import JsonObject

if TYPE_CHECKING:
    from pydantic_ai import messages
    from pydantic_ai.models import Model as Backend
    from pydantic_ai.models import ModelRequestParameters, StreamedResponse
    from pydantic_ai.settings import ModelSettings

# Counted for each call, beside the bytes of its name and arguments.
CALL_BYTES = 100


class ProviderModel:
    """A model of Anthropic or Google. To close the iterator of `respond` closes the connection.

    `secrets`: cut out of the provider's words in the log.
    """

    def __init__(
        self,
        name: str,
        backend: "Backend",
        *,
        options: ModelOptions | None = None,
        secrets: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.backend = backend
        self.options = options or ModelOptions()
        self.secrets = secrets

    async def respond(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        try:
            async with aclosing(self._stream_answer(request)) as events:
                async for event in events:
                    yield event
        except ModelError:
            raise
        except Exception as error:
            raise explain_error(error, self.secrets) from error

    async def _stream_answer(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        from pydantic_ai.direct import model_request_stream

        answer = _AnswerBuffer(
            {call.id for turn in request.turns if isinstance(turn, AgentTurn) for call in turn.tool_calls},
            request.answer_bytes,
        )
        opening = model_request_stream(
            self.backend,
            _build_history(request),
            model_settings=_build_settings(self.options),
            model_request_parameters=_build_parameters(request),
        )
        async with opening as stream:
            counted = (0, 0)
            async for event in stream:
                if text := answer.add(event):
                    yield TextDelta(text)
                if (tokens := (stream.usage.input_tokens, stream.usage.output_tokens)) != counted:
                    counted = tokens
                    yield TokensUsed(*map(peek_token_count, tokens))
        if text := answer.rest_of_text():
            yield TextDelta(text)
        finish = _check_end(stream, answer)
        calls = tuple(answer.tool_calls(is_cut=finish == "length"))
        for call in calls:
            yield call
        usage = stream.usage
        yield AnswerEnd(
            "tool_calls" if calls and finish == "stop" else finish,
            read_token_count("input", usage.input_tokens),
            read_token_count("output", usage.output_tokens),
        )


def _build_settings(options: ModelOptions) -> "ModelSettings":
    settings: ModelSettings = {"timeout": options.timeout_seconds}
    if options.max_output_tokens is not None:
        settings["max_tokens"] = options.max_output_tokens
    if options.parallel_tool_calls is not None:
        settings["parallel_tool_calls"] = options.parallel_tool_calls
    if options.extra_headers:
        settings["extra_headers"] = dict(options.extra_headers)
    if options.extra_body:
        settings["extra_body"] = dict(options.extra_body)
    return settings


def _check_end(stream: "StreamedResponse", answer: "_AnswerBuffer") -> FinishReason:
    """The provider's own word says more than the one that pydantic-ai makes of it."""
    details = stream.provider_details or {}
    ended = f"the answer ended with finish_reason {stream.finish_reason}"
    reason = normalize_finish_reason(str(details.get("finish_reason") or ""))
    if stream.finish_reason == "content_filter":
        raise ModelError(FILTERED, transient=False, cause=ended)
    if stream.finish_reason == "error":
        raise ModelError(FAILED, transient=True, cause=ended)
    if "finish_reason" not in details:
        cause = "the answer ended without a finish_reason"
        raise ModelError(BROKEN, transient=True, cause=cause)  # the connection broke between two events
    is_cut = "length" in (reason, stream.finish_reason)
    if answer.empty:
        raise ModelError(CUT_OFF if is_cut else EMPTY, transient=not is_cut, cause=ended)
    return "length" if is_cut else "stop"


def _build_parameters(request: ModelRequest) -> "ModelRequestParameters":
    from pydantic_ai import messages
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.tools import ToolDefinition

    instructions = f"{request.instructions}\n\n{request.describe_user()}".strip()
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
        instruction_parts=[messages.InstructionPart(sanitize(instructions))],
    )


def _build_history(request: ModelRequest) -> "list[messages.ModelMessage]":
    """The turns as messages of pydantic-ai, each call followed by its outcome, without empty parts.

    Calls get new ids: providers differ in the ids that they accept, and all accept nine letters or digits.
    """
    from pydantic_ai import messages

    history: list[messages.ModelMessage] = []
    number = 0
    for turn in request.turns:
        answer: list[messages.ModelResponsePart] = []
        prompt: list[messages.ModelRequestPart] = []
        if isinstance(turn, UserTurn):
            if turn.text.strip():
                prompt.append(messages.UserPromptPart(sanitize(turn.text)))
        else:
            if turn.text.strip():
                answer.append(messages.TextPart(sanitize(turn.text)))
            for call in turn.tool_calls:
                number += 1
                call_part, outcome_part = _build_call_parts(call, f"call{number:05d}")
                answer.append(call_part)
                prompt.append(outcome_part)
        if answer:
            history.append(messages.ModelResponse(answer))
        if prompt:
            history.append(messages.ModelRequest(prompt))
    return history


def _build_call_parts(
    call: ToolCall, call_id: str
) -> "tuple[messages.ToolCallPart, messages.ToolReturnPart]":
    from pydantic_ai import messages

    name = clean_name(call.name)
    arguments = call.arguments if isinstance(call.arguments, dict) else {"INVALID_JSON": call.arguments}
    part = messages.ToolCallPart(name, sanitize(arguments), call_id)
    if call.error is not None:
        return part, messages.ToolReturnPart(name, sanitize(call.error), call_id, outcome="failed")
    result = "null" if call.result is None else sanitize(call.result)
    return part, messages.ToolReturnPart(name, result, call_id)


@dataclass
class _PartialCall:
    id: str
    name: str
    arguments: str | JsonObject

    def extend(self, name: str | None, arguments: str | JsonObject | None) -> None:
        self.name += name or ""
        if isinstance(self.arguments, dict) and isinstance(arguments, dict):
            self.arguments = {**self.arguments, **arguments}
        elif arguments:
            self.arguments = arguments if not self.arguments else f"{self.arguments}{arguments}"


class _AnswerBuffer:
    """Collects one answer from the events of its stream. Calls and thoughts may have `max_bytes` together."""

    def __init__(self, used_ids: set[str], max_bytes: int) -> None:
        self.empty = True
        self._used_ids = used_ids
        self._max_bytes = max_bytes
        self._bytes = 0
        self._calls: list[_PartialCall] = []
        self._calls_by_index: dict[int, _PartialCall] = {}
        # Joins a surrogate pair that is split between two pieces, and replaces a lone surrogate.
        self._utf16 = codecs.getincrementaldecoder("utf-16-le")("replace")

    def add(self, event: "messages.ModelResponseStreamEvent") -> str:
        """Add an event; returns the text that it adds to the answer."""
        from pydantic_ai import messages

        match event:
            case messages.PartStartEvent(part=messages.TextPart(content=text)):
                return self._decode(text)
            case messages.PartDeltaEvent(delta=messages.TextPartDelta(content_delta=text)):
                return self._decode(text)
            case messages.PartStartEvent(part=messages.ThinkingPart(content=thought)):
                self._count_bytes(thought)
            case messages.PartDeltaEvent(delta=messages.ThinkingPartDelta(content_delta=thought)):
                self._count_bytes(thought)
            case messages.PartStartEvent(part=messages.ToolCallPart() as part):
                self._count_bytes(part.tool_name, part.args, CALL_BYTES)
                self._add_call(event.index, _PartialCall(part.tool_call_id, part.tool_name, part.args or ""))
            case messages.PartDeltaEvent(delta=messages.ToolCallPartDelta() as delta):
                self._count_bytes(delta.tool_name_delta, delta.args_delta)
                call = self._calls_by_index[event.index]
                call.extend(delta.tool_name_delta, delta.args_delta)
        return ""

    def _count_bytes(self, *pieces: object) -> None:
        """Bound calls and thoughts: the reader of the stream, who bounds the text, gets them only at the end."""
        self._bytes += sum(
            piece if isinstance(piece, int) else len(str(piece).encode("utf-8", "replace")) if piece else 0
            for piece in pieces
        )
        if self._bytes > self._max_bytes:
            raise make_size_error(self._max_bytes)

    def _add_call(self, index: int, call: _PartialCall) -> None:
        self.empty = False
        self._calls_by_index[index] = call
        self._calls.append(call)

    def _decode(self, piece: str, *, final: bool = False) -> str:
        text = self._utf16.decode(piece.encode("utf-16-le", "surrogatepass"), final).replace("\0", "\ufffd")
        self.empty = self.empty and not text.strip()
        return text

    def rest_of_text(self) -> str:
        return self._decode("", final=True)

    def tool_calls(self, *, is_cut: bool) -> Iterator[ToolCall]:
        """`is_cut`: the answer ended at a limit, so that a call without an end was cut off."""
        for call in self._calls:
            call_id = sanitize(call.id)
            if not call_id or call_id in self._used_ids:
                call_id = f"call_{uuid4().hex}"
            self._used_ids.add(call_id)
            raw = call.arguments
            truncated = is_cut and isinstance(raw, str) and read_object(raw) is None
            arguments = sanitize_arguments(raw) if truncated else parse_arguments(raw)
            yield ToolCall(call_id, sanitize(call.name), arguments, truncated=truncated)

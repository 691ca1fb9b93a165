# llm/openai_wire/request.py -- the body of a request, without the parts that the provider has refused.
from collections.abc import Callable, Set
from dataclasses import dataclass

from llm.model_options import ModelOptions
from llm.openai_wire.messages import build_messages
from llm.openai_wire.refusals import Part
from llm.protocol import AgentTurn, ModelRequest
from llm.sanitize import sanitize
from models.shapes import JsonObject

# Whether a part may be sent; notes that it is.
May = Callable[[Part], bool]


@dataclass(frozen=True, slots=True)
class RequestBuilder:
    """`is_own_api`: OpenAI's own, which stores what it is not told to forget, and counts thoughts as output."""

    model: str
    options: ModelOptions
    is_own_api: bool = False

    def build_body(self, request: ModelRequest, refused: Set[Part]) -> tuple[JsonObject, set[Part]]:
        """The body, and the parts in it that could be left out."""
        optional: set[Part] = set()

        def may(part: Part) -> bool:
            if part not in refused:
                optional.add(part)
            return part not in refused

        with_tools = bool(request.tools) and may("tools")
        has_opaque = any(has_opaque_fields(turn) for turn in request.turns if isinstance(turn, AgentTurn))
        messages = build_messages(
            request.turns,
            with_tools="tools" not in refused,
            with_opaque=has_opaque and may("reasoning of earlier steps"),
        )
        body: JsonObject = {"model": self.model, "messages": self._add_instructions(messages, request, may)}
        if not with_tools or may("streaming with tools"):
            body["stream"] = True
            if may("stream_options"):
                body["stream_options"] = {"include_usage": True}
        if with_tools:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {
                        "name": tool.name, "description": tool.description, "parameters": tool.parameters
                    },
                }
                for tool in request.tools
            ]  # fmt: skip
            if self.options.parallel_tool_calls is not None and may("parallel_tool_calls"):
                body["parallel_tool_calls"] = self.options.parallel_tool_calls
        self._add_reasoning(body, refused, optional)
        self._add_limit(body, may)
        if self.is_own_api and may("store"):
            body["store"] = False
        return self._add_extra(body), optional

    def _add_instructions(
        self, messages: list[JsonObject], request: ModelRequest, may: May
    ) -> list[JsonObject]:
        instructions = sanitize(f"{request.instructions}\n\n{request.describe_user()}".strip())
        if may("system role"):
            return [{"role": "system", "content": instructions}, *messages]
        first, *rest = messages
        return [{**first, "content": f"{instructions}\n\n{first['content']}"}, *rest]

    def _add_reasoning(self, body: JsonObject, refused: Set[Part], optional: set[Part]) -> None:
        """Some models take tools here only where they do not think; to think is their default."""
        if "tools" not in body:
            return
        if "default reasoning" in refused:
            body["reasoning_effort"] = "none"
        else:
            optional.add("default reasoning")

    def _add_limit(self, body: JsonObject, may: May) -> None:
        """Under the name that the provider takes: the newer one counts thoughts too."""
        if self.options.max_output_tokens is None:
            return
        names: tuple[Part, Part] = ("max_tokens", "max_completion_tokens")
        for name in reversed(names) if self.is_own_api else names:
            if may(name):
                body[name] = self.options.max_output_tokens
                return

    def _add_extra(self, body: JsonObject) -> JsonObject:
        """The operator's fields come last; null takes one of ours out."""
        merged = {**body, **self.options.extra_body}
        return {key: value for key, value in merged.items() if value is not None}


def has_opaque_fields(turn: AgentTurn) -> bool:
    return bool(turn.opaque) or any(call.opaque for call in turn.tool_calls)

# llm/openai_wire/messages.py -- turns as chat messages, in an order that no template and no server refuses.
import re
from collections.abc import Iterator, Sequence

from pydantic_core import to_json

from llm.protocol import AgentTurn, ToolCall, Turn, UserTurn
from llm.sanitize import sanitize
from models.shapes import JsonObject

# What stands where the order asks for a message and nobody has said one.
NO_BEGINNING = "(The beginning of this conversation is left out.)"
NO_ANSWER = "(This answer was broken off.)"
GO_ON = "(Go on.)"


def build_messages(
    turns: Sequence[Turn], *, with_tools: bool = True, with_opaque: bool = True
) -> list[JsonObject]:
    """The messages after the system's: users and assistants take turns, each call is followed by its outcome.

    A user's message comes first and, where no outcome does, last; after outcomes comes the assistant. Two messages of
    one side become one. `with_tools`: else calls and outcomes are told as text. Calls get new ids: providers differ in
    the ids that they accept, and all accept nine letters or digits.
    """
    messages: list[JsonObject] = []
    number = 0
    for turn in turns:
        if isinstance(turn, UserTurn):
            add_user(messages, sanitize(turn.text))
        elif not with_tools:
            add_told_turn(messages, turn)
        else:
            add_agent(messages, turn, number, with_opaque=with_opaque)
            number += len(turn.tool_calls)
    if not messages or messages[-1]["role"] == "assistant":
        add_user(messages, GO_ON)
    return messages


def add_user(messages: list[JsonObject], text: str) -> None:
    if not text.strip():
        return
    last = messages[-1]["role"] if messages else None
    if last == "user":
        messages[-1]["content"] += f"\n\n{text}"
        return
    if last == "tool":
        messages.append({"role": "assistant", "content": NO_ANSWER})
    messages.append({"role": "user", "content": text})


def add_assistant(messages: list[JsonObject], message: JsonObject) -> None:
    """Add it after a user's message or an outcome, or join it to the text before."""
    last = messages[-1] if messages else None
    if last is None:
        messages.append({"role": "user", "content": NO_BEGINNING})
    elif last["role"] == "assistant":
        texts = [text for text in (last["content"], message["content"]) if text]
        messages[-1] = {**last, **message, "content": "\n\n".join(texts) or None}
        return
    messages.append(message)


def add_agent(messages: list[JsonObject], turn: AgentTurn, number: int, *, with_opaque: bool) -> None:
    text = sanitize(turn.text) if turn.text.strip() else None
    if text is None and not turn.tool_calls:
        return
    message: JsonObject = {"role": "assistant", "content": text}
    if with_opaque and turn.opaque:
        message.update(turn.opaque)
    if not turn.tool_calls:
        add_assistant(messages, message)
        return
    calls = [
        build_call(call, f"call{number + place:05d}", with_opaque=with_opaque)
        for place, call in enumerate(turn.tool_calls, 1)
    ]
    message["tool_calls"] = calls
    add_assistant(messages, message)
    for call, built in zip(turn.tool_calls, calls, strict=True):
        messages.append({"role": "tool", "tool_call_id": built["id"], "content": describe_outcome(call)})


def build_call(call: ToolCall, call_id: str, *, with_opaque: bool) -> JsonObject:
    arguments = call.arguments if isinstance(call.arguments, dict) else {"INVALID_JSON": call.arguments}
    function = {"name": clean_name(call.name), "arguments": write_json(sanitize(arguments))}
    built: JsonObject = {"id": call_id, "type": "function", "function": function}
    return {**built, **call.opaque} if with_opaque and call.opaque else built


def clean_name(name: str) -> str:
    """Providers refuse a name with other characters, which a model may have made up."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64] or "unknown"


def describe_outcome(call: ToolCall) -> str:
    if call.error is not None:
        return write_json({"error": sanitize(call.error)})
    return write_json(sanitize(call.result))


def write_json(value: object) -> str:
    return to_json(value, inf_nan_mode="null").decode()


def add_told_turn(messages: list[JsonObject], turn: AgentTurn) -> None:
    """A turn for a model that has no tools: it reads of the calls."""
    text = "\n".join(tell_turn(turn)).strip()
    if text:
        add_assistant(messages, {"role": "assistant", "content": sanitize(text)})


def tell_turn(turn: AgentTurn) -> Iterator[str]:
    if turn.text.strip():
        yield turn.text
    for call in turn.tool_calls:
        arguments = (
            call.arguments if isinstance(call.arguments, str) else write_json(sanitize(call.arguments))
        )
        yield f"[{clean_name(call.name)} {arguments}: {describe_outcome(call)}]"

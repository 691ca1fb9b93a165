# protocols/ai_sdk/history.py -- a conversation as messages of the AI SDK, with the ids by which the page knows them.
from collections.abc import Iterator, Sequence
from hashlib import sha256
from uuid import UUID

from models.message import MessagePublic, ToolCallPublic, ToolCallShared
from models.shapes import JsonObject

MAX_OWN_ID = 27  # with the conversation's id before it, it fits into a client_id


def make_client_id(conversation_id: UUID, own_id: str) -> str:
    """By which a message that is sent again is found: the page's ids are unique in a chat, and may not be elsewhere."""
    if len(own_id) > MAX_OWN_ID or not (own_id.isascii() and own_id.isprintable() and " " not in own_id):
        own_id = f"~{sha256(own_id.encode()).hexdigest()[: MAX_OWN_ID - 1]}"
    return f"{conversation_id}/{own_id}"


def read_own_id(message: MessagePublic) -> str:
    prefix = f"{message.conversation_id}/"
    own_id = (message.client_id or "").removeprefix(prefix)
    is_own = (message.client_id or "").startswith(prefix) and not own_id.startswith("~")
    return own_id if is_own else str(message.id)


def describe_message(message: MessagePublic) -> JsonObject:
    calls = [describe_call(call) for call in message.tool_calls or []]
    texts = [{"type": "text", "text": message.content}] if message.content else []
    begin = [{"type": "step-start"}] if message.role == "agent" else []
    return {
        "id": read_own_id(message),
        "role": "user" if message.role == "user" else "assistant",
        "parts": [*begin, *calls, *texts],
        "metadata": {"run_id": message.run_id, "conversation_id": message.conversation_id},
    }


def describe_call(call: ToolCallPublic | ToolCallShared) -> JsonObject:
    part = {"type": "dynamic-tool", "toolName": call.name, "toolCallId": call.id, "providerExecuted": True}
    if not isinstance(call, ToolCallPublic):
        return {**part, "state": "output-available", "input": None, "output": None}
    part["input"] = call.arguments
    if call.approval is not None and call.approval.decision == "denied":
        return {**part, "state": "output-denied", "approval": {"id": call.id, "approved": False}}
    if call.error is not None:
        return {**part, "state": "output-error", "errorText": call.error}
    return {**part, "state": "output-available", "output": call.result}


def describe_messages(messages: Sequence[MessagePublic]) -> Iterator[JsonObject]:
    return (describe_message(message) for message in messages)

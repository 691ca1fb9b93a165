# imports/chatgpt.py -- a message in an export of ChatGPT, which is a node of its conversation's `mapping`.
from collections.abc import Iterator

from imports.branches import Node, Said
from imports.marks import REFERENCES, strip_marks
from imports.report import UNKNOWN
from imports.texts import clean_text, is_visible, read_seconds
from models.message import Role
from models.shapes import JsonObject

NAME = "ChatGPT"
ROLES: dict[str, Role] = {"user": "user", "assistant": "agent"}
TEXTS = ("text", "multimodal_text")
# What other kinds of content are called in a report.
KINDS = {
    "code": "steps with a tool",
    "execution_output": "steps with a tool",
    "tether_quote": "steps with a tool",
    "tether_browsing_display": "steps with a tool",
    "thoughts": "thoughts",
    "reasoning_recap": "thoughts",
    "user_editable_context": "instructions",
    "model_editable_context": "instructions",
}
NOT_SAID = "Only what the person and the agent have said to each other is kept."
NO_FILES = "Parley's messages are texts."
NO_REFERENCES = "They are marks that only ChatGPT's own pages show."
EMPTY = "Nothing is seen of it."


def read_node(value: object) -> Node:
    if not isinstance(value, dict):
        return Node(None, left_out=(("messages", UNKNOWN),))
    parent = value.get("parent")
    parent_id = parent if isinstance(parent, str) else None
    message = value.get("message")
    if not isinstance(message, dict):  # the root of each tree has none
        return Node(parent_id)
    reason = find_reason(message)
    if reason is not None:
        return Node(parent_id, left_out=(reason,))
    content = message["content"]
    said_text, references = strip_marks("\n\n".join(part for part in list_texts(content["parts"]) if part))
    left_out = (*list_files(content["parts"]), *[(REFERENCES, NO_REFERENCES)] * references)
    text = clean_text(said_text)
    if not is_visible(text):
        return Node(parent_id, left_out=left_out or (("messages", EMPTY),))
    role = ROLES[message["author"]["role"]]
    said = Said(role, text, read_seconds(message.get("create_time")), NAME if role == "agent" else None)
    return Node(parent_id, said, left_out)


def find_reason(message: JsonObject) -> tuple[str, str] | None:
    """What is left out and why; None for a message that was said."""
    author, content, metadata = (read_object(message, name) for name in ("author", "content", "metadata"))
    role, kind = author.get("role"), content.get("content_type")
    if role == "system" or metadata.get("is_visually_hidden_from_conversation") is True:
        return "instructions", NOT_SAID
    if role == "tool" or message.get("recipient", "all") != "all":
        return "steps with a tool", NOT_SAID
    if isinstance(kind, str) and kind in KINDS:
        return KINDS[kind], NOT_SAID
    if role not in ROLES or kind not in TEXTS or not isinstance(content.get("parts"), list):
        return "messages", UNKNOWN
    return None


def read_object(value: JsonObject, name: str) -> JsonObject:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def list_texts(parts: list[object]) -> Iterator[str]:
    """What was written, and what was heard of what was spoken."""
    for part in parts:
        if isinstance(part, str):
            yield part.strip()
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            yield part["text"].strip()


def list_files(parts: list[object]) -> Iterator[tuple[str, str]]:
    for part in parts:
        if not isinstance(part, str) and not (isinstance(part, dict) and isinstance(part.get("text"), str)):
            yield "pictures, sounds and files", NO_FILES

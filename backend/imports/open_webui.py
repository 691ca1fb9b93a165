# imports/open_webui.py -- a message in an export of Open WebUI.
from imports.branches import Node, Said
from imports.chatgpt import EMPTY, NO_FILES, NOT_SAID, ROLES
from imports.marks import STEPS, THOUGHTS, strip_folded
from imports.report import UNKNOWN
from imports.texts import clean_text, is_visible, read_seconds, read_speaker
from models.shapes import JsonObject

UNNAMED = "Open WebUI"


def read_node(value: object, previous_id: str | None = None) -> Node:
    """`previous_id` is the parent of a message in a list, which names none."""
    if not isinstance(value, dict):
        return Node(previous_id, left_out=(("messages", UNKNOWN),))
    parent = value.get("parentId")
    parent_id = parent if isinstance(parent, str) else previous_id
    role, content = value.get("role"), value.get("content")
    if role in ("system", "tool"):
        what = "instructions" if role == "system" else "steps with a tool"
        return Node(parent_id, left_out=((what, NOT_SAID),))
    text, files = read_content(content)
    if not isinstance(role, str) or role not in ROLES or text is None:
        return Node(parent_id, left_out=(("messages", UNKNOWN),))
    attached = value.get("files")
    files += len(attached) if isinstance(attached, list) else 0
    text, steps = strip_folded(text)
    if not is_visible(text):
        text, more = read_output(value.get("output"))
        steps += more
    left_out = (
        *[("pictures, sounds and files", NO_FILES)] * files,
        *[(what, NOT_SAID) for what in steps],
    )
    if not is_visible(text):
        return Node(parent_id, left_out=left_out or (("messages", EMPTY),))
    program_name = find_model(value) if ROLES[role] == "agent" else None
    said = Said(ROLES[role], clean_text(text.strip()), read_seconds(value.get("timestamp")), program_name)
    return Node(parent_id, said, left_out)


def read_content(content: object) -> tuple[str | None, int]:
    """The text of a message, which may be one or a list of parts, and how many parts are no text."""
    if isinstance(content, str):
        return content, 0
    if not isinstance(content, list):
        return None, 0
    texts = [part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)]
    return "\n\n".join(texts), len(content) - len(texts)


def read_output(output: object) -> tuple[str, list[str]]:
    """The text of an answer that newer versions keep in parts, as OpenAI's responses are, and what the others are."""
    texts: list[str] = []
    others: list[str] = []
    for item in output if isinstance(output, list) else ():
        kind = item.get("type") if isinstance(item, dict) else None
        if kind == "message":
            texts.append(read_content(item.get("content"))[0] or "")
        else:
            others.append(THOUGHTS if kind == "reasoning" else STEPS)
    return "\n\n".join(texts), others


def find_model(message: JsonObject) -> str:
    """Which model has answered."""
    return read_speaker(message.get("modelName") or message.get("model"), UNNAMED)

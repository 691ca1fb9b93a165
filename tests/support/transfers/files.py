# support/transfers/files.py -- small files in the forms of other products, of our own making.
import csv
import io
import json
from collections.abc import Iterator
from typing import Any

MORNING = 1_750_000_000.25  # 15 June 2025


def chatgpt_message(role: str, *parts: Any, **more: Any) -> dict[str, Any]:
    """A message as ChatGPT writes it; `more` are members beside or in place of the usual ones."""
    kind = "text" if all(isinstance(part, str) for part in parts) else "multimodal_text"
    return {
        "id": "message",
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": MORNING,
        "content": {"content_type": kind, "parts": list(parts)},
        "status": "finished_successfully",
        "recipient": "all",
        "metadata": {},
        **more,
    }


def chain(*messages: dict[str, Any] | None, name: str = "n") -> dict[str, Any]:
    """A mapping whose nodes follow each other, `n0`, `n1`, ..., a second apart; the first one is the root."""
    nodes: dict[str, Any] = {}
    for number, given in enumerate([None, *messages]):
        message = given
        if given is not None and given.get("create_time") == MORNING:
            message = {**given, "create_time": MORNING + number}
        nodes[f"{name}{number}"] = {
            "id": f"{name}{number}",
            "message": message,
            "parent": f"{name}{number - 1}" if number else None,
            "children": [f"{name}{number + 1}"] if number < len(messages) else [],
        }
    return nodes


def chatgpt_chat(mapping: dict[str, Any], current: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "title": "Cakes",
        "create_time": MORNING,
        "update_time": MORNING + 3600,
        "mapping": mapping,
        "moderation_results": [],
        "current_node": current or list(mapping)[-1],
        "conversation_id": "c-1",
        "id": "c-1",
        **more,
    }


def talk(*texts: str, **more: Any) -> dict[str, Any]:
    """A conversation of ChatGPT in which a person and it take turns."""
    said = [chatgpt_message("assistant" if n % 2 else "user", text) for n, text in enumerate(texts)]
    return chatgpt_chat(chain(*said), **more)


def webui_chat(*messages: dict[str, Any], current: str | None = None, **more: Any) -> dict[str, Any]:
    """A chat of Open WebUI: its messages as a tree and, once more, as a list."""
    by_id = {message["id"]: message for message in messages}
    return {
        "id": "w-1",
        "user_id": "somebody",
        "title": "Trains",
        "chat": {
            "title": "Trains",
            "models": ["llama3:8b"],
            "history": {"messages": by_id, "currentId": current or list(by_id)[-1]},
            "messages": list(messages),
            "timestamp": int(MORNING * 1000),
        },
        "created_at": int(MORNING),
        "updated_at": int(MORNING) + 60,
        **more,
    }


def webui_message(
    id_: str, role: str, content: Any, parent: str | None = None, **more: Any
) -> dict[str, Any]:
    answered = {"model": "llama3:8b", "modelName": "Llama 3"} if role == "assistant" else {}
    return {
        "id": id_,
        "parentId": parent,
        "childrenIds": [],
        "role": role,
        "content": content,
        "timestamp": int(MORNING),
        **answered,
        **more,
    }


def to_file(*chats: Any) -> bytes:
    return json.dumps(chats).encode()


def grow_chats(count: int, messages: int, text: str) -> Iterator[bytes]:
    """A long file of ChatGPT, a conversation at a time."""
    for number in range(count):
        said = [f"{text} {number}.{n}" for n in range(messages)]
        chat = json.dumps(talk(*said, id=f"c{number}", conversation_id=f"c{number}")).encode()
        yield (b"," if number else b"[") + chat
    yield b"]"


TODOIST_COLUMNS = (
    "TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE,DURATION,DURATION_UNIT,"
    "DEADLINE,DEADLINE_LANG"
).split(",")


def todoist_file(*rows: dict[str, str]) -> bytes:
    """A project; each row is a task where it has no other TYPE, and an empty one where it has nothing."""
    file = io.StringIO()
    writer = csv.DictWriter(file, TODOIST_COLUMNS, restval="")
    writer.writeheader()
    usual = {"TYPE": "task", "PRIORITY": "4", "INDENT": "1", "AUTHOR": "Ann (1)", "DATE_LANG": "en"}
    for row in rows:
        writer.writerow({**usual, **row} if row else {})
    return file.getvalue().encode()

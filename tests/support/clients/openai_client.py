# support/clients/openai_client.py -- OpenAI's own client, connected to a server of a test.
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import openai

from support.servers import Person, Server

OPENAI_BASE = "/openai/v1"


def make_key(person: Person, *scopes: str) -> str:
    key: str = person.post("/v1/me/tokens", name="A chat page", scopes=list(scopes or ("read", "write")))[
        "token"
    ]
    return key


@contextmanager
def openai_client(server: Server, key: str, **options: Any) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.base_url + OPENAI_BASE, api_key=key, **options) as client:
        yield client


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def ask(client: openai.OpenAI, *messages: dict[str, Any] | str, **more: Any) -> Any:
    """A completion; texts take turns, and the first one is the user's."""
    said = [
        (assistant(message) if place % 2 else user(message)) if isinstance(message, str) else message
        for place, message in enumerate(messages)
    ]
    return client.chat.completions.create(**{"model": "parley", "messages": said, **more})


def text_of(completion: Any) -> str:
    [choice] = completion.choices
    return str(choice.message.content)


def post_raw(person: Person, body: Any, **headers: str) -> httpx.Response:
    return person.http.post(f"{OPENAI_BASE}/chat/completions", json=body, headers=headers)

# support/llm/dialects.py -- a server of chat completions as OpenAI's own is; each file of a dialect says what is other.
import importlib.util
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from support.llm.scripted_provider import Recorded, Reply

FOLDER = Path(__file__).resolve().parents[2] / "llm" / "providers" / "dialects"
Call = tuple[str, dict[str, Any]]
NUMBERS = itertools.count(1)
# What this server counts for each answer.
TOKENS = (11, 7)


class Dialect:
    """Answers as chunks, and what the server refuses. A chunk that is a text is sent as it stands."""

    path: ClassVar[str] = "/v1"
    model: ClassVar[str] = "scripted"
    counts: ClassVar[tuple[int, int]] = TOKENS
    retry_after: ClassVar[float | None] = 3
    # What is left out once the server has refused it, as the log names it.
    refuses: ClassVar[set[str]] = set()

    # What it says

    def text(self, pieces: Sequence[str]) -> Iterator[Any]:
        yield self.delta(role="assistant", content="")
        for piece in pieces:
            yield self.delta(content=piece)
        yield from self.end("stop")

    def calls(self, calls: Sequence[Call]) -> Iterator[Any]:
        yield self.delta(role="assistant", content=None)
        for index, (name, arguments) in enumerate(calls):
            written = json.dumps(arguments)
            function = {"name": name, "arguments": ""}
            yield self.delta(
                tool_calls=[{"index": index, "id": self.make_id(), "type": "function", "function": function}]
            )
            for piece in (written[:5], written[5:-3], written[-3:]):
                yield self.delta(tool_calls=[{"index": index, "function": {"arguments": piece}}])
        yield from self.end("tool_calls")

    def end(self, reason: str) -> Iterator[Any]:
        yield self.choice({}, reason)
        yield {"choices": [], "usage": self.usage()}
        yield "data: [DONE]\n\n"

    def overload(self) -> Reply:
        return self.refusal(
            503, {"message": "The server is overloaded.", "type": "server_error"}, {"Retry-After": "3"}
        )

    # What it refuses

    def refuse(self, request: Recorded) -> Reply | None:
        """The server's answer to a request that it does not take."""
        return self.refuse_order(request.body["messages"])

    def refuse_order(self, messages: list[dict[str, Any]]) -> Reply | None:
        """The strictest templates want all of this."""
        open_ids: list[str] = []
        before = ""
        for message in messages:
            role = message["role"]
            allowed = {
                "": {"system", "user"},
                "system": {"user"},
                "user": {"assistant"},
                "tool": {"tool", "assistant"},
            }
            allowed["assistant"] = {"tool"} if open_ids else {"user"}
            if role not in allowed[before] or (role != "tool" and open_ids):
                return self.refusal(400, {"message": f"Unexpected role '{role}' after role '{before}'"})
            if role == "tool":
                if message["tool_call_id"] not in open_ids or not message["content"]:
                    return self.refusal(400, {"message": "a tool message answers no call"})
                open_ids.remove(message["tool_call_id"])
            ids = [call["id"] for call in message.get("tool_calls", ())]
            if len(set(ids)) != len(ids):
                return self.refusal(400, {"message": "duplicate tool_call ids"})
            open_ids += ids
            before = role
        return None if before in ("user", "tool") else self.refusal(400, {"message": "nothing to answer"})

    # How it writes

    def delta(self, **fields: Any) -> dict[str, Any]:
        return self.choice(fields, None)

    def choice(self, delta: dict[str, Any], reason: str | None) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    def usage(self) -> dict[str, Any]:
        read, written = self.counts
        return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}

    def make_id(self) -> str:
        return f"call_{next(NUMBERS):024}"

    def frame(self, chunk: Any) -> str:
        if isinstance(chunk, str):
            return chunk
        whole = {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "scripted",
        } | chunk
        return f"data: {json.dumps(whole)}\n\n"

    def reply(self, chunks: Iterator[Any]) -> Reply:
        return Reply("".join(self.frame(chunk) for chunk in chunks))

    def cut(self, chunks: Iterator[Any], kept: int) -> Reply:
        """Only the first chunks, and half of the next."""
        frames = [self.frame(chunk) for chunk in chunks]
        half = frames[kept][: len(frames[kept]) // 2]
        return Reply("".join([*frames[:kept], half]), is_cut=True)

    def refusal(self, status: int, error: Any, headers: dict[str, str] | None = None) -> Reply:
        body = json.dumps({"error": error})
        return Reply(body, status, {"Content-Type": "application/json", **(headers or {})})


def load_dialects() -> dict[str, Dialect]:
    """The dialects of the folder, by the name of their file."""
    found: dict[str, Dialect] = {}
    for path in sorted(FOLDER.glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"dialect_{path.stem}", path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        (kind,) = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Dialect) and value is not Dialect
        ]
        found[path.stem] = kind()
    return found


def find_last_turn(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages after the last of the user."""
    last = max(place for place, message in enumerate(messages) if message["role"] == "user")
    return messages[last + 1 :]


def is_nine_letters(call_id: str) -> bool:
    return re.fullmatch(r"[a-zA-Z0-9]{9}", call_id) is not None

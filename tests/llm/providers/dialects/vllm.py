# dialects/vllm.py -- vLLM: counts in every chunk, thoughts beside the text, errors without an envelope.
import json
from collections.abc import Iterator, Sequence
from typing import Any

from support.llm.dialects import Dialect
from support.llm.scripted_provider import Reply


class Vllm(Dialect):
    def text(self, pieces: Sequence[str]) -> Iterator[Any]:
        yield self.delta(role="assistant", content="")
        yield self.delta(reasoning="Hm. ", reasoning_content="Hm. ")
        for number, piece in enumerate(pieces, 1):
            usage = {"prompt_tokens": 11, "completion_tokens": number, "total_tokens": 11 + number}
            yield {**self.delta(content=piece), "usage": usage}
        yield from self.end("stop")

    def choice(self, delta: dict[str, Any], reason: str | None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason, "stop_reason": None}
        return {
            "choices": [choice],
            "usage": {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14},
        }

    def make_id(self) -> str:
        return f"chatcmpl-tool-{super().make_id()}"

    def refusal(self, status: int, error: Any, headers: dict[str, str] | None = None) -> Reply:
        body = {"object": "error", "type": "BadRequestError", "param": None, "code": status, **error}
        return Reply(json.dumps(body), status, {"Content-Type": "application/json", **(headers or {})})

# dialects/openrouter.py -- OpenRouter: comments, thoughts in entries, counts with a fraction, errors within a 200.
from collections.abc import Iterator, Sequence
from typing import Any

from support.llm.dialects import Call, Dialect, find_last_turn
from support.llm.scripted_provider import Recorded, Reply

ENTRY = {"type": "reasoning.text", "index": 0, "format": "anthropic-claude-v1"}


class OpenRouter(Dialect):
    path = "/api/v1"
    retry_after = None

    def refuse(self, request: Recorded) -> Reply | None:
        for message in find_last_turn(request.body["messages"]):
            whole = [{**ENTRY, "text": "Two pieces.", "signature": "c2ln"}]
            if message["role"] == "assistant" and message.get("reasoning_details") != whole:
                return self.refusal(
                    400,
                    {
                        "message": "Provider returned error",
                        "code": 400,
                        "metadata": {"raw": "thinking blocks"},
                    },
                )
        return super().refuse(request)

    def text(self, pieces: Sequence[str]) -> Iterator[Any]:
        yield ": OPENROUTER PROCESSING\n\n"
        yield from super().text(pieces)

    def calls(self, calls: Sequence[Call]) -> Iterator[Any]:
        yield ": OPENROUTER PROCESSING\n\n"
        for piece in ("Two ", "pieces."):
            yield self.delta(
                role="assistant", content="", reasoning=piece, reasoning_details=[{**ENTRY, "text": piece}]
            )
        yield self.delta(role="assistant", content="", reasoning_details=[{**ENTRY, "signature": "c2ln"}])
        yield from super().calls(calls)

    def choice(self, delta: dict[str, Any], reason: str | None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": reason, "native_finish_reason": reason}
        return {"provider": "Scripted", "choices": [choice]}

    def end(self, reason: str) -> Iterator[Any]:
        yield self.choice({"role": "assistant", "content": ""}, reason)
        usage = {"prompt_tokens": 10.72, "completion_tokens": 7.0, "total_tokens": 17.72, "cost": 0.1}
        yield {**self.choice({"role": "assistant", "content": ""}, None), "usage": usage}
        yield "data: [DONE]\n\n"

    def overload(self) -> Reply:
        error = {
            "code": 502,
            "message": "Provider disconnected",
            "metadata": {"error_type": "provider_overloaded"},
        }
        return self.reply(iter([{"error": error, **self.choice({"content": ""}, "error")}]))

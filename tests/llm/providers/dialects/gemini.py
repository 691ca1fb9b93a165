# dialects/gemini.py -- Gemini's OpenAI endpoint: calls without ids, signatures to give back, errors in a list.
import json
from collections.abc import Iterator, Sequence
from typing import Any

from support.llm.dialects import Call, Dialect, find_last_turn
from support.llm.scripted_provider import Recorded, Reply

SIGNATURE = {"google": {"thought_signature": "c2lnbmVk"}}


class Gemini(Dialect):
    path = "/v1beta/openai/"

    def refuse(self, request: Recorded) -> Reply | None:
        for message in find_last_turn(request.body["messages"]):
            if message["role"] == "assistant" and message["tool_calls"][0].get("extra_content") != SIGNATURE:
                said = "Function call is missing a thought_signature in functionCall parts."
                return self.refusal(400, {"code": 400, "message": said, "status": "INVALID_ARGUMENT"})
        return super().refuse(request)

    def text(self, pieces: Sequence[str]) -> Iterator[Any]:
        for number, piece in enumerate(pieces, 1):
            usage = {"prompt_tokens": 11, "completion_tokens": number, "total_tokens": 11 + number}
            yield {**self.delta(role="assistant", content=piece), "usage": usage}
        yield from self.end("stop")

    def calls(self, calls: Sequence[Call]) -> Iterator[Any]:
        for number, (name, arguments) in enumerate(calls):
            signed = {} if number else {"extra_content": SIGNATURE}
            function = {"name": name, "arguments": json.dumps(arguments)}
            yield self.delta(
                role="assistant",
                tool_calls=[{"index": 0, "id": "", "type": "function", "function": function, **signed}],
            )
        yield from self.end("stop")

    def end(self, reason: str) -> Iterator[Any]:
        yield {**self.choice({"role": "assistant"}, reason), "usage": self.usage()}
        yield "data: [DONE]\n\n"

    def refusal(self, status: int, error: Any, headers: dict[str, str] | None = None) -> Reply:
        return Reply(json.dumps([{"error": error}]), status, {"Content-Type": "application/json"})

    def overload(self) -> Reply:
        delay = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3s"}
        said = "The model is overloaded. Please try again later."
        return self.refusal(503, {"code": 503, "message": said, "status": "UNAVAILABLE", "details": [delay]})

# dialects/groq.py -- Groq: whole calls, its counts in a field of its own, seconds in the header.
import json
from collections.abc import Iterator, Sequence
from typing import Any

from support.llm.dialects import Call, Dialect
from support.llm.scripted_provider import Reply


class Groq(Dialect):
    def calls(self, calls: Sequence[Call]) -> Iterator[Any]:
        yield {**self.delta(role="assistant", content=None), "x_groq": {"id": "req_1"}}
        yield self.delta(reasoning="They want tasks.")
        built = [
            {
                "id": self.make_id(),
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(arguments)},
                "index": index,
            }
            for index, (name, arguments) in enumerate(calls)
        ]
        yield self.delta(tool_calls=built)
        yield from self.end("tool_calls")

    def end(self, reason: str) -> Iterator[Any]:
        yield {
            **self.choice({}, reason),
            "x_groq": {"id": "req_1", "usage": {"queue_time": 0.1, **self.usage()}},
        }
        yield "data: [DONE]\n\n"

    def make_id(self) -> str:
        return super().make_id()[-9:]

    def overload(self) -> Reply:
        said = "Rate limit reached for model `scripted` on tokens per minute (TPM): Limit 6000, Used 5800."
        return self.refusal(
            429, {"message": said, "type": "tokens", "code": "rate_limit_exceeded"}, {"retry-after": "3"}
        )

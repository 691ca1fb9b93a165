# dialects/llama_cpp.py -- llama.cpp's server: timings, comments while it reads the prompt, objects cut after the brace.
import json
from collections.abc import Iterator, Sequence
from typing import Any

from support.llm.dialects import Call, Dialect
from support.llm.scripted_provider import Reply


class LlamaCpp(Dialect):
    retry_after = None

    def calls(self, calls: Sequence[Call]) -> Iterator[Any]:
        yield ":\n\n"
        yield self.delta(role="assistant", content=None)
        for index, (name, arguments) in enumerate(calls):
            written = json.dumps(arguments)
            function = {"name": name, "arguments": written[0]}
            yield self.delta(
                tool_calls=[{"index": index, "id": self.make_id(), "type": "function", "function": function}]
            )
            yield self.delta(tool_calls=[{"index": index, "function": {"arguments": written[1:]}}])
        yield from self.end("tool_calls")

    def end(self, reason: str) -> Iterator[Any]:
        yield {**self.choice({}, reason), "timings": {"prompt_n": 11, "predicted_ms": 1.5}}
        yield {"choices": [], "usage": self.usage(), "timings": {"prompt_n": 11}}
        yield "data: [DONE]\n\n"

    def make_id(self) -> str:
        return super().make_id()[-32:]

    def overload(self) -> Reply:
        return self.refusal(503, {"code": 503, "message": "Loading model", "type": "unavailable_error"})

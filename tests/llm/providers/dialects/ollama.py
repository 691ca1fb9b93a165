# dialects/ollama.py -- Ollama: whole calls, all of index 0, an empty finish_reason in each chunk, "stop" after calls.
import json
from collections.abc import Iterator, Sequence
from typing import Any

from support.llm.dialects import Call, Dialect
from support.llm.scripted_provider import Reply


class Ollama(Dialect):
    retry_after = None

    def choice(self, delta: dict[str, Any], reason: str | None) -> dict[str, Any]:
        return super().choice({"role": "assistant", "content": "", **delta}, reason or "")

    def calls(self, calls: Sequence[Call]) -> Iterator[Any]:
        for name, arguments in calls:
            function = {"name": name, "arguments": json.dumps(arguments)}
            yield self.delta(
                tool_calls=[{"id": self.make_id(), "index": 0, "type": "function", "function": function}]
            )
        yield from self.end("stop")

    def overload(self) -> Reply:
        return self.refusal(
            503, {"message": "server busy, please try again.  maximum pending requests exceeded"}
        )

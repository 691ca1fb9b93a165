# dialects/bedrock.py -- a proxy before Bedrock: no stream with tools, and reasons for an end in Claude's words.
import json
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from support.llm.dialects import Call, Dialect
from support.llm.scripted_provider import Recorded, Reply


class Bedrock(Dialect):
    path = "/api/v1"
    refuses: ClassVar[set[str]] = {"streaming with tools"}

    def refuse(self, request: Recorded) -> Reply | None:
        if request.body.get("stream") and "tools" in request.body:
            said = "ValidationException: This model doesn't support tool use in streaming mode."
            return Reply(json.dumps({"detail": said}), 400)
        return super().refuse(request)

    def text(self, pieces: Sequence[str]) -> Iterator[Any]:
        yield {"message": {"role": "assistant", "content": "".join(pieces)}, "finish_reason": "end_turn"}

    def calls(self, calls: Sequence[Call]) -> Iterator[Any]:
        built = [
            {
                "id": f"tooluse_{self.make_id()}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(arguments)},
            }
            for name, arguments in calls
        ]
        yield {
            "message": {"role": "assistant", "content": None, "tool_calls": built},
            "finish_reason": "tool_use",
        }

    def reply(self, chunks: Iterator[Any]) -> Reply:
        body = {
            "object": "chat.completion",
            "choices": [{"index": 0, **choice} for choice in chunks],
            "usage": self.usage(),
        }
        return Reply(json.dumps(body, indent=1), headers={"Content-Type": "application/json"})

    def cut(self, chunks: Iterator[Any], kept: int) -> Reply:
        whole = self.reply(chunks)
        return Reply(whole.body[: len(whole.body) // 2], 200, whole.headers, is_cut=True)

    def overload(self) -> Reply:
        return Reply('{"detail":"ThrottlingException: Too many requests"}', 429, {"Retry-After": "3"})

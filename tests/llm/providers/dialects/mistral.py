# dialects/mistral.py -- Mistral: text in parts, the end beside the calls, ids of nine letters, no unknown field.
import json
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from support.llm.dialects import NUMBERS, Call, Dialect, is_nine_letters
from support.llm.scripted_provider import Recorded, Reply

KNOWN = {"model", "messages", "stream", "tools", "max_tokens", "parallel_tool_calls"}


class Mistral(Dialect):
    refuses: ClassVar[set[str]] = {"stream_options"}

    def refuse(self, request: Recorded) -> Reply | None:
        if unknown := sorted(request.body.keys() - KNOWN):
            detail = [
                {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted"}
                for name in unknown
            ]
            return Reply(
                json.dumps(
                    {"object": "error", "message": {"detail": detail}, "type": "invalid_request_error"}
                ),
                422,
            )
        calls = [call for message in request.body["messages"] for call in message.get("tool_calls", ())]
        if not all(is_nine_letters(call["id"]) for call in calls):
            said = "Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9."
            return Reply(
                json.dumps(
                    {"object": "error", "message": said, "type": "invalid_request_error", "code": "3280"}
                ),
                400,
            )
        return super().refuse(request)

    def text(self, pieces: Sequence[str]) -> Iterator[Any]:
        yield self.delta(role="assistant", content="")
        yield self.delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}])
        for piece in pieces:
            yield self.delta(content=[{"type": "text", "text": piece}])
        yield {**self.choice({"content": ""}, "stop"), "usage": self.usage()}
        yield "data: [DONE]\n\n"

    def calls(self, calls: Sequence[Call]) -> Iterator[Any]:
        built = [
            {
                "id": f"{100_000_000 + next(NUMBERS)}",
                "function": {"name": name, "arguments": json.dumps(arguments)},
                "index": index,
            }
            for index, (name, arguments) in enumerate(calls)
        ]
        yield {**self.choice({"content": "", "tool_calls": built}, "tool_calls"), "usage": self.usage()}
        yield "data: [DONE]\n\n"

    def overload(self) -> Reply:
        return Reply('{"message":"Requests rate limit exceeded"}', 429, {"Retry-After": "3"})

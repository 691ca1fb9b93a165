# dialects/deepseek.py -- DeepSeek: keep-alive comments, thoughts that have to come back with the calls of a turn.
from collections.abc import Iterator, Sequence
from typing import Any

from support.llm.dialects import Call, Dialect, find_last_turn
from support.llm.scripted_provider import Recorded, Reply

THOUGHTS = ("I should ", "use a tool.")


class DeepSeek(Dialect):
    def refuse(self, request: Recorded) -> Reply | None:
        for message in find_last_turn(request.body["messages"]):
            if message["role"] == "assistant" and message.get("reasoning_content") != "".join(THOUGHTS):
                said = "Missing `reasoning_content` field in the assistant message at message index 2."
                return self.refusal(
                    400, {"message": said, "type": "invalid_request_error", "code": "invalid_request_error"}
                )
        return super().refuse(request)

    def calls(self, calls: Sequence[Call]) -> Iterator[Any]:
        yield ": keep-alive\n\n"
        for thought in THOUGHTS:
            yield self.delta(role="assistant", content=None, reasoning_content=thought)
        yield from super().calls(calls)

    def end(self, reason: str) -> Iterator[Any]:
        yield {**self.choice({"content": "", "reasoning_content": None}, reason), "usage": self.usage()}
        yield "data: [DONE]\n\n"

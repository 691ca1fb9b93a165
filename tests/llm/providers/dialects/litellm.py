# dialects/litellm.py -- LiteLLM before Gemini: the signature is part of the id; the end is said twice.
from collections.abc import Iterator, Sequence
from typing import Any

from support.llm.dialects import Call, Dialect, find_last_turn
from support.llm.scripted_provider import Recorded, Reply


class LiteLlm(Dialect):
    path = ""

    def refuse(self, request: Recorded) -> Reply | None:
        for message in find_last_turn(request.body["messages"]):
            if message["role"] == "assistant" and "__thought__" not in message["tool_calls"][0]["id"]:
                said = "litellm.BadRequestError: VertexAIException - Function call is missing a thought_signature"
                return self.refusal(400, {"message": said, "type": None, "param": None, "code": "400"})
        return super().refuse(request)

    def calls(self, calls: Sequence[Call]) -> Iterator[Any]:
        for chunk in super().calls(calls):
            for choice in chunk.get("choices", ()) if isinstance(chunk, dict) else ():
                choice["delta"] = {
                    "provider_specific_fields": None,
                    "function_call": None,
                    "audio": None,
                    **choice["delta"],
                }
            yield chunk

    def make_id(self) -> str:
        return f"{super().make_id()}__thought__c2lnbmVk"

    def end(self, reason: str) -> Iterator[Any]:
        yield self.choice({"content": None}, reason)
        yield self.choice({}, "stop")
        yield {**self.choice({}, None), "usage": self.usage()}
        yield "data: [DONE]\n\n"

    def overload(self) -> Reply:
        said = "litellm.RateLimitError: AnthropicException - Overloaded"
        return self.refusal(
            529, {"message": said, "type": "throttling_error", "code": "529"}, {"retry-after": "3"}
        )

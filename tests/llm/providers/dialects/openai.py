# dialects/openai.py -- OpenAI's own API: stores what it is not told to forget, knows no max_tokens any more.
from typing import Any

from support.llm.dialects import Dialect
from support.llm.scripted_provider import Recorded, Reply


class OpenAi(Dialect):
    model = "openai:scripted"

    def refuse(self, request: Recorded) -> Reply | None:
        if "max_tokens" in request.body:
            said = (
                "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
            )
            return self.refusal(
                400, {"message": said, "param": "max_tokens", "code": "unsupported_parameter"}
            )
        return super().refuse(request)

    def choice(self, delta: dict[str, Any], reason: str | None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return {
            "service_tier": "default",
            "system_fingerprint": None,
            "choices": [choice],
            "usage": None,
            "obfuscation": "x",
        }

    def overload(self) -> Reply:
        said = "Rate limit reached for scripted on requests per min (RPM): Limit 3. Please try again in 3s."
        return self.refusal(429, {"message": said, "type": "requests", "code": "rate_limit_exceeded"})

# dialects/azure.py -- Azure OpenAI: a version in the query, its own header for the key, filters in every chunk.
from collections.abc import Iterator, Sequence
from typing import Any

from support.llm.dialects import Dialect
from support.llm.scripted_provider import Recorded, Reply


class Azure(Dialect):
    path = "/openai/deployments/scripted?api-version=2024-10-21"

    def refuse(self, request: Recorded) -> Reply | None:
        if request.path != "/openai/deployments/scripted/chat/completions?api-version=2024-10-21":
            return self.refusal(404, {"code": "404", "message": "Resource not found"})
        if "authorization" in request.headers or "api-key" not in request.headers:
            return self.refusal(
                401, {"code": "401", "message": "Access denied due to invalid subscription key."}
            )
        return super().refuse(request)

    def text(self, pieces: Sequence[str]) -> Iterator[Any]:
        yield {
            "choices": [],
            "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}],
            "usage": None,
        }
        yield from super().text(pieces)

    def choice(self, delta: dict[str, Any], reason: str | None) -> dict[str, Any]:
        filters = {"hate": {"filtered": False, "severity": "safe"}}
        return {
            "choices": [
                {"content_filter_results": filters, "index": 0, "delta": delta, "finish_reason": reason}
            ]
        }

    def overload(self) -> Reply:
        said = (
            "Requests have exceeded the call rate limit of your pricing tier. Please retry after 3 seconds."
        )
        return self.refusal(
            429, {"code": "429", "message": said}, {"Retry-After": "60", "retry-after-ms": "3000"}
        )

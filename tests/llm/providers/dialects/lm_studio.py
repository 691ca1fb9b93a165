# dialects/lm_studio.py -- LM Studio: ids of digits, errors as events of their own, CRLF, no counts.
import json
from collections.abc import Iterator
from typing import Any

from support.llm.dialects import NUMBERS, Dialect
from support.llm.scripted_provider import Reply


class LmStudio(Dialect):
    counts = (0, 0)
    retry_after = None

    def end(self, reason: str) -> Iterator[Any]:
        yield self.choice({}, reason)
        yield "data: [DONE]\r\n\r\n"

    def make_id(self) -> str:
        return f"{100_000_000 + next(NUMBERS)}"

    def frame(self, chunk: Any) -> str:
        return super().frame(chunk).replace("\n", "\r\n") if isinstance(chunk, dict) else chunk

    def overload(self) -> Reply:
        error = {"error": {"message": "The model has crashed without additional information. (Exit code: 6)"}}
        return Reply(f"event: error\r\ndata: {json.dumps(error)}\r\n\r\n")

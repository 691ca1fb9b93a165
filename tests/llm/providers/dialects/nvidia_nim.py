# dialects/nvidia_nim.py -- NVIDIA NIM: the name in each piece, no reason for the end, thoughts in tags.
import json
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from support.llm.dialects import Call, Dialect
from support.llm.scripted_provider import Recorded, Reply


class NvidiaNim(Dialect):
    counts = (0, 0)
    refuses: ClassVar[set[str]] = {"stream_options", "system role"}

    def refuse(self, request: Recorded) -> Reply | None:
        if "stream_options" in request.body:
            return Reply(
                json.dumps({"detail": "Extra parameters ['stream_options'] are not allowed for this model."}),
                400,
            )
        if request.body["messages"][0]["role"] == "system":
            return Reply(
                json.dumps({"title": "Bad Request", "detail": "System role not supported", "status": 400}),
                400,
            )
        return super().refuse(request)

    def text(self, pieces: Sequence[str]) -> Iterator[Any]:
        for piece in ("<thi", "nk>The person", " greets me.</think>\n\n", *pieces):
            yield self.delta(role="assistant", content=piece)
        yield from self.end("")

    def calls(self, calls: Sequence[Call]) -> Iterator[Any]:
        for index, (name, arguments) in enumerate(calls):
            written, call_id = json.dumps(arguments), self.make_id()
            for piece in ("", written[:9], written[9:]):
                function = {"name": name, "arguments": piece}
                yield self.delta(
                    tool_calls=[{"index": index, "id": call_id, "type": "function", "function": function}]
                )
        yield from self.end("")

    def end(self, reason: str) -> Iterator[Any]:
        yield "data: [DONE]\n\n"

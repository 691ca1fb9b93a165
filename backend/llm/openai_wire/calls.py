# llm/openai_wire/calls.py -- the tool calls of one answer, put together from pieces in any server's manner.
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from pydantic_core import to_json

from llm.call_arguments import parse_arguments, read_object
from llm.openai_wire.tool_names import resolve_tool_name
from llm.protocol import ModelError, ToolCall, ToolSpec
from llm.provider_errors import UNREADABLE
from llm.sanitize import sanitize, sanitize_arguments, sanitize_opaque
from models.shapes import JsonObject

# Counted for each call, beside the bytes of its name and arguments.
CALL_BYTES = 100
# Fields of a call that hold the provider's own state, and that it wants back with the call.
OPAQUE_FIELDS = ("extra_content", "provider_specific_fields", "thought_signature", "signature")
# A proxy that has no field for a signature writes it into the id, behind this word.
SIGNED_ID = "__thought__"


@dataclass
class PartialCall:
    """A call as far as it has come; `arguments` is what was written, or an object where the server sends objects."""

    id: str = ""
    name: str = ""
    arguments: str | JsonObject = ""
    opaque: JsonObject = field(default_factory=dict)
    # An unnamed piece of arguments after this one belongs to a next call of the same tool.
    may_repeat: bool = False

    @property
    def is_begun(self) -> bool:
        return bool(self.arguments)

    @property
    def is_whole(self) -> bool:
        """Whether the arguments are an object that is closed."""
        if isinstance(self.arguments, dict):
            return True
        return self.arguments.rstrip().endswith(("}", '"')) and read_object(self.arguments) is not None

    def add_arguments(self, piece: str | JsonObject) -> None:
        if isinstance(piece, dict):
            begun = self.arguments if isinstance(self.arguments, dict) else {}
            self.arguments = {**begun, **piece}
        elif isinstance(self.arguments, str):
            self.arguments += piece


class CallCollector:
    """Finds out to which call each piece belongs. `tools`: what the model may call."""

    def __init__(self, tools: Sequence[ToolSpec]) -> None:
        self.calls: list[PartialCall] = []
        self._by_index: dict[int, PartialCall] = {}
        self._names = {tool.name for tool in tools}
        self._with_arguments = {tool.name for tool in tools if tool.parameters.get("required")}

    def add_piece(self, piece: JsonObject) -> int:
        """Add an item of `tool_calls`; returns how many bytes it has."""
        function = piece.get("function")
        function = function if isinstance(function, dict) else piece
        name, call_id, index = function.get("name"), piece.get("id"), piece.get("index")
        name = name if isinstance(name, str) else ""
        call_id = call_id if isinstance(call_id, str) else ""
        arguments = read_arguments(function.get("arguments"))
        opaque = {key: piece[key] for key in OPAQUE_FIELDS if piece.get(key) is not None}
        number = index if isinstance(index, int) and not isinstance(index, bool) else None
        if not (name or call_id or arguments or opaque):
            return 0
        call = self._find_call(number, call_id, name, arguments)
        size = 0
        if call is None:
            # A call without a name follows one of the same tool.
            call = PartialCall(name=name or (self.calls[-1].name if self.calls and not call_id else ""))
            self.calls.append(call)
            size = CALL_BYTES
        if number is not None:
            self._by_index[number] = call
        call.id = call.id or call_id
        call.name = self._merge_name(call.name, name)
        call.opaque.update(opaque)
        # The server says the whole object once more: it is the same call.
        if arguments and not (call.is_begun and arguments == call.arguments and call.is_whole):
            call.add_arguments(arguments)
        return size + measure(name) + measure(arguments) + (len(to_json(opaque)) if opaque else 0)

    def _find_call(
        self, index: int | None, call_id: str, name: str, arguments: str | JsonObject
    ) -> PartialCall | None:
        """The call that a piece continues; None where it begins one."""
        here = self._by_index.get(index) if index is not None else None
        named = next((call for call in self.calls if call_id and call.id == call_id), None)
        if index is not None and here is None:
            # A new index begins a call, but some servers count the pieces instead of the calls.
            if name or (call_id and named is None):
                return None
            return named or (self.calls[-1] if self.calls else None)
        if named is not None:
            return named
        last = here or (self.calls[-1] if self.calls else None)
        if last is None:
            return None
        begins = self._begins_with_id(last, call_id, name, arguments) if call_id and last.id else None
        if begins is None:
            begins = self._begins_without_id(last, name, arguments)
        return None if begins else last

    def _begins_with_id(
        self, last: PartialCall, call_id: str, name: str, arguments: str | JsonObject
    ) -> bool | None:
        """Whether a piece whose id is another than that of the call before begins a call."""
        if not name:
            return False  # an id of its own in each piece
        if name != last.name or not last.is_begun or last.is_whole:
            return True
        return isinstance(arguments, dict) or arguments.lstrip().startswith("{")

    def _begins_without_id(self, last: PartialCall, name: str, arguments: str | JsonObject) -> bool:
        """Whether a piece begins a call though no id and no index says so: by its name and by what is whole."""
        if not name:
            repeats = last.may_repeat and bool(arguments)
            last.may_repeat = last.may_repeat and not arguments
            return repeats
        if name == last.name:
            if not last.is_whole or (self._is_empty(last) and name in self._with_arguments):
                return False  # the name in each piece
            last.may_repeat = not arguments
            return bool(arguments)
        if last.is_begun:
            return True
        joined = self._merge_name(last.name, name)
        return joined == name and last.name in self._names

    @staticmethod
    def _is_empty(call: PartialCall) -> bool:
        return call.arguments == {} or (isinstance(call.arguments, str) and read_object(call.arguments) == {})

    def _merge_name(self, begun: str, piece: str) -> str:
        """The name with one more piece: repeated, growing, or in parts."""
        if not begun or not piece or piece == begun:
            return piece or begun
        if begun in self._names and piece not in self._names:
            return begun
        if piece in self._names or piece.startswith(begun):
            return piece
        return begun + piece

    def build_calls(self, used_ids: set[str], *, is_cut: bool) -> Iterator[ToolCall]:
        """The calls, whole. `is_cut`: the answer ended at a limit, so that a call without an end was cut off.

        Raises ModelError for a call whose name did not come.
        """
        for call in self.calls:
            if not call.name.strip():
                raise ModelError(UNREADABLE, transient=True, cause="a tool call came without its name")
            raw = call.arguments
            truncated = is_cut and isinstance(raw, str) and read_object(raw) is None
            call_id = sanitize(call.id)
            if SIGNED_ID in call_id:
                call.opaque["id"] = call_id
            if not call_id or call_id in used_ids:
                call_id = f"call_{uuid4().hex}"
            used_ids.add(call_id)
            yield ToolCall(
                call_id,
                resolve_tool_name(sanitize(call.name), self._names),
                sanitize_arguments(raw) if truncated else parse_arguments(raw),
                opaque=sanitize_opaque(call.opaque),
                truncated=truncated,
            )


def read_arguments(value: object) -> str | JsonObject:
    """Text, or an object; anything else as its JSON, which no tool takes."""
    if value is None:
        return ""
    return value if isinstance(value, (str, dict)) else to_json(value, inf_nan_mode="constants").decode()


def measure(piece: str | JsonObject) -> int:
    """Its bytes, roughly for an object."""
    return len(str(piece).encode("utf-8", "replace")) if piece else 0

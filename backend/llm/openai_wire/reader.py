# llm/openai_wire/reader.py -- one answer, read from its chunks: text at once, calls and counts at the end.
import codecs
from collections.abc import Iterator
from typing import Any

from pydantic_core import to_json

from llm.finish_reasons import normalize_finish_reason
from llm.openai_wire.calls import CallCollector, measure
from llm.openai_wire.failures import find_error
from llm.openai_wire.sse import Unreadable
from llm.openai_wire.thoughts import ThoughtFilter
from llm.protocol import AgentTurn, AnswerEnd, FinishReason, ModelError, ModelRequest, TokensUsed, ToolCall
from llm.provider_errors import BROKEN, CUT_OFF, EMPTY, FAILED, FILTERED, make_size_error
from llm.sanitize import sanitize_opaque
from llm.token_counts import peek_token_count, read_token_count
from models.shapes import JsonObject

# Thoughts of a step that a provider wants back with it: DeepSeek's and vLLM's, OpenRouter's and Groq's.
_THOUGHT_FIELDS = ("reasoning_content", "reasoning")
_INPUT_NAMES = ("prompt_tokens", "input_tokens")
_OUTPUT_NAMES = ("completion_tokens", "output_tokens")


class AnswerReader:
    """`thinks_first`: the model's thoughts come before its text, without an opening tag."""

    def __init__(self, request: ModelRequest, *, thinks_first: bool = False) -> None:
        self.has_finish = False  # the provider gave a reason why the answer ended
        self.has_begun = False
        self._request = request
        self._calls = CallCollector(request.tools)
        self._thoughts = ThoughtFilter(starts_inside=thinks_first)
        self._texts: dict[str, list[str]] = {}
        self._details: list[JsonObject] = []
        self._extra: JsonObject = {}
        self._has_text = False
        self._has_last_usage = False
        self._is_whole = False  # a message in place of pieces
        self._said_reasons: list[str] = []
        self._reasons: set[str] = set()
        self._bytes = 0
        self._counts: dict[str, Any] = {}
        self._taken_counts: tuple[object, object] = (None, None)
        # Joins a surrogate pair that is split between two pieces, and replaces a lone surrogate.
        self._utf16 = codecs.getincrementaldecoder("utf-16-le")("replace")

    def add(self, chunk: Any) -> str:
        """Add a chunk; returns the text that it adds to the answer.

        Raises Unreadable, UntaggedThoughts, ModelError where calls and thoughts are too long, and ProviderRefusal.
        """
        if isinstance(chunk, list):
            return "".join(self.add(item) for item in chunk if isinstance(item, dict))
        if not isinstance(chunk, dict):
            raise Unreadable(f"a chunk is {str(chunk)[:100]}")
        if error := find_error(chunk):
            raise error
        choices = chunk.get("choices") or ()
        if not isinstance(choices, (list, tuple)):
            raise Unreadable(f"choices are {str(choices)[:100]}")
        text = "".join(self._add_choice(choice) for choice in choices if isinstance(choice, dict))
        groq = chunk.get("x_groq")
        for usage in (chunk.get("usage"), groq.get("usage") if isinstance(groq, dict) else None):
            if isinstance(usage, dict):
                self._add_usage(usage)
                self._has_last_usage = self._has_last_usage or (not choices and self.has_begun)
        return text

    def _add_choice(self, choice: JsonObject) -> str:
        if isinstance(usage := choice.get("usage"), dict):
            self._add_usage(usage)
        delta, message = choice.get("delta"), choice.get("message")
        if not delta and isinstance(message, dict):
            delta, self._is_whole = message, True
        text = self._add_delta(delta) if isinstance(delta, dict) else ""
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self.has_finish = True
            self._said_reasons.append(reason[:50])
            self._reasons.add(normalize_finish_reason(reason))
        return text

    def _add_delta(self, delta: JsonObject) -> str:
        calls = delta.get("tool_calls")
        if calls is None and isinstance(delta.get("function_call"), dict):
            calls = [{"index": 0, "function": delta["function_call"]}]  # as before there were parallel calls
        for piece in calls if isinstance(calls, list) else ():
            if isinstance(piece, dict):
                self._count(self._calls.add_piece(piece))
                self.has_begun = True
        for name in _THOUGHT_FIELDS:
            if isinstance(thought := delta.get(name), str) and thought:
                self._texts.setdefault(name, []).append(thought)
                self._count(measure(thought))
                self.has_begun = True
        if isinstance(details := delta.get("reasoning_details"), list):
            self._add_details(details)
        if isinstance(extra := delta.get("extra_content"), dict):
            self._count(len(to_json(extra, inf_nan_mode="constants")))
            self._extra = extra
        said = read_content(delta.get("content")) or read_content(delta.get("refusal"))
        return self._show(said) if said else ""

    def _show(self, piece: str, *, final: bool = False) -> str:
        self.has_begun = True
        text = self._utf16.decode(piece.encode("utf-16-le", "surrogatepass"), final).replace("\0", "\ufffd")
        shown = self._thoughts.add(text, final=final)
        if len(shown) < len(text):
            self._count(len(text) - len(shown))
        self._has_text = self._has_text or not (shown == "" or shown.isspace())
        return shown

    def _add_details(self, details: list[Any]) -> None:
        """Pieces of one entry have the same index and type; their texts are joined, what else they say is kept."""
        for piece in details:
            if not isinstance(piece, dict):
                continue
            self._count(len(to_json(piece, inf_nan_mode="constants")))
            last = self._details[-1] if self._details else None
            if last is None or any(last.get(key) != piece.get(key) for key in ("index", "type")):
                self._details.append(dict(piece))
                continue
            for key, value in piece.items():
                begun = last.get(key)
                joins = (
                    key in ("text", "summary", "data") and isinstance(begun, str) and isinstance(value, str)
                )
                if joins:
                    last[key] = begun + value
                elif value is not None:
                    last[key] = value

    def _add_usage(self, usage: JsonObject) -> None:
        """The last count of each kind holds: where each chunk has one, it is that of all until there."""
        for kind, names in (("input", _INPUT_NAMES), ("output", _OUTPUT_NAMES)):
            for name in names:
                if usage.get(name) is not None and (usage[name] or kind not in self._counts):
                    self._counts[kind] = usage[name]
                    break

    def take_tokens(self) -> TokensUsed | None:
        """The counts so far, if there are new ones."""
        counts = (self._counts.get("input"), self._counts.get("output"))
        if counts == self._taken_counts:
            return None
        self._taken_counts = counts
        return TokensUsed(*map(peek_token_count, counts))

    def _count(self, size: int) -> None:
        """Bound calls and thoughts: the reader of the stream, who bounds the text, gets them only at the end."""
        self._bytes += size
        if self._bytes > self._request.answer_bytes:
            raise make_size_error(self._request.answer_bytes)

    def close(self) -> str:
        """The text that was held back."""
        return self._show("", final=True)

    def build_end(self, *, is_done: bool) -> Iterator[ToolCall | AnswerEnd]:
        """The calls and the end. `is_done`: the stream ended with [DONE].

        Raises ModelError for an answer that was broken off, stopped or given up by the provider, or that is empty.
        """
        reason = self._decide_reason()
        ended = f"the answer ended with finish_reason {', '.join(self._said_reasons[-5:]) or '(none)'}"
        if reason == "content_filter":
            raise ModelError(FILTERED, transient=False, cause=ended)
        if reason == "error":
            raise ModelError(FAILED, transient=True, cause=ended)
        if not (self.has_finish or is_done or self._has_last_usage or self._is_whole):
            raise ModelError(BROKEN, transient=True, cause="the answer ended without a finish_reason")
        if not (self._has_text or self._calls.calls):
            if reason == "length":
                raise ModelError(CUT_OFF, transient=False, cause=ended)
            raise ModelError(EMPTY, transient=True, cause=ended)
        used = {
            call.id for turn in self._request.turns if isinstance(turn, AgentTurn) for call in turn.tool_calls
        }
        calls = tuple(self._calls.build_calls(used, is_cut=reason == "length"))
        yield from calls
        finish: FinishReason = "length" if reason == "length" else "tool_calls" if calls else "stop"
        yield AnswerEnd(
            finish,
            input_tokens=read_token_count("input", self._counts.get("input") or 0),
            output_tokens=read_token_count("output", self._counts.get("output") or 0),
            opaque=self._build_opaque(),
        )

    def _decide_reason(self) -> str:
        """The one that says most, where a server gives several."""
        order = ("content_filter", "error", "length", "tool_calls", "stop")
        return next((reason for reason in order if reason in self._reasons), "stop")

    def _build_opaque(self) -> JsonObject | None:
        opaque: JsonObject = {name: "".join(pieces) for name, pieces in self._texts.items()}
        if self._details:
            opaque["reasoning_details"] = self._details
        if self._extra:
            opaque["extra_content"] = self._extra
        return sanitize_opaque(opaque)


def read_content(content: object) -> str:
    """The text of a message: text, or a list of parts of which some are text."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(
            part if isinstance(part, str) else part["text"]
            for part in content
            if isinstance(part, str) or (isinstance(part, dict) and is_text_part(part))
        )
    return ""


def is_text_part(part: JsonObject) -> bool:
    return part.get("type", "text") in ("text", "output_text") and isinstance(part.get("text"), str)

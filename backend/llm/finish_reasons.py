# llm/finish_reasons.py -- why an answer ended, in the words of every provider.
from typing import Literal

from llm.protocol import FinishReason

_WORDS: dict[FinishReason | Literal["content_filter", "error"], str] = {
    "stop": "stop end_turn eos eos_token stop_sequence complete completed done normal unknown",
    "length": "length max_tokens max_output_tokens model_length context_length model_context_window_exceeded "
    "pause_turn incomplete limit token_limit",
    "tool_calls": "tool_calls tool_call tool_use function_call function_calls",
    "content_filter": "content_filter content_filtered safety recitation blocklist prohibited_content spii refusal "
    "sensitive guardrail_intervened",
    "error": "error failed failure malformed_function_call unexpected_tool_call insufficient_system_resource "
    "network_error engine_overloaded",
}
_REASONS = {word: reason for reason, words in _WORDS.items() for word in words.split()}


def normalize_finish_reason(said: str) -> FinishReason | Literal["content_filter", "error"]:
    """A word that nobody knows counts as `stop`: the answer is there, and it has an end."""
    return _REASONS.get(said.strip().lower(), "stop")

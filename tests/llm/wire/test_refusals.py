# test_refusals.py -- which part of a request a provider does not take, in its own words.
import pytest

from llm.openai_wire.failures import ProviderRefusal
from llm.openai_wire.refusals import WORDINGS, Part, find_refused_part

ALL: set[Part] = {wording.part for wording in WORDINGS}
SENTENCES: list[tuple[Part, str]] = [
    ("stream_options", "Extra parameters ['stream_options'] are not allowed for this model."),
    ("stream_options", "Unrecognized request argument supplied: stream_options"),
    ("stream_options", '[{"type":"extra_forbidden","loc":["body","stream_options","include_usage"]}]'),
    ("parallel_tool_calls", "Unsupported parameter: 'parallel_tool_calls' is not supported with this model."),
    ("parallel_tool_calls", "Unknown parameter: parallel_tool_calls"),
    ("max_tokens", "Unsupported parameter: 'max_tokens' is not supported with this model."),
    ("max_tokens", "Use 'max_completion_tokens' instead."),
    ("max_completion_tokens", "Unrecognized request argument supplied: max_completion_tokens"),
    ("max_completion_tokens", '[{"type":"extra_forbidden","loc":["body","max_completion_tokens"]}]'),
    ("store", "Unknown parameter: 'store'."),
    ("default reasoning", "Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. "
     "Please use /v1/responses instead."),
    ("default reasoning", "Function tools with reasoning_effort are not supported for gpt-5.6-terra in "
     "/v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'."),
    ("reasoning of earlier steps", "property 'messages.1.reasoning_content' is unsupported"),
    ("reasoning of earlier steps", '[{"type":"extra_forbidden","loc":["body","messages",2,"assistant","reasoning"]}]'),
    ("system role", "System role not supported"),
    ("system role", "Unsupported value: 'messages[0].role' does not support 'system' with this model."),
    ("system role", "Developer instruction is not enabled for models/gemma-3-27b-it"),
    ("system role", "Conversation roles must alternate user/assistant/user/assistant/..."),
    ("system role", "Only user and assistant roles are supported!"),
    ("streaming with tools", "This model doesn't support tool use in streaming mode."),
    ("tools", "registry.ollama.ai/library/gemma:2b does not support tools"),
    ("tools", '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
    ("tools", "tools param requires --jinja flag"),
    ("tools", "`tool calling` is not supported with this model"),
    ("tools", "No endpoints found that support tool use. To learn more about provider routing, visit ..."),
    ("tools", "Function calling is not enabled for models/gemma-3-27b-it"),
    ("tools", "This model doesn't support tool use."),
]  # fmt: skip


@pytest.mark.parametrize(("part", "said"), SENTENCES)
def test_a_refused_part_is_known_by_the_words(part: Part, said: str) -> None:
    assert find_refused_part(ProviderRefusal(400, said), ALL) == part
    assert find_refused_part(ProviderRefusal(400, said), ALL - {part}) != part


@pytest.mark.parametrize("status", [401, 402, 403, 408, 429, 529])
def test_a_key_a_quota_and_a_rate_are_no_matter_of_parts(status: int) -> None:
    assert find_refused_part(ProviderRefusal(status, "This model does not support tools"), ALL) is None


@pytest.mark.parametrize(
    "said",
    [
        "model not found",
        "The server had an error while processing your request",
        "Invalid API key",
        "upstream timed out",
    ],
)
def test_other_words_refuse_no_part(said: str) -> None:
    assert find_refused_part(ProviderRefusal(400, said), ALL) is None

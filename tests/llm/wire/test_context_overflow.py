# test_context_overflow.py -- a request that was too long is known as such in the words of every server.
import json

import pytest

from llm.context_overflow import is_context_overflow
from llm.openai_wire.failures import explain_refusal, make_refusal
from llm.protocol import ContextOverflow

SENTENCES = {
    "OpenAI": "This model's maximum context length is 8192 tokens. However, your messages resulted in 8545 tokens.",
    "OpenAI's code": "context_length_exceeded",
    "OpenAI, newer": "Your input exceeds the context window of this model. Please adjust your input and try again.",
    "OpenAI, a string": "Invalid 'messages[1].content': string too long. (string_above_max_length)",
    "Azure": "This model's maximum context length is 16385 tokens, however you requested 18000 tokens (2000 in the "
    "messages, 16000 in the completion). Please reduce the length of the messages or completion.",
    "Anthropic": "prompt is too long: 205000 tokens > 200000 maximum",
    "Anthropic, with output": "input length and `max_tokens` exceed context limit: 199000 + 20000 > 200000, "
    "decrease input length or `max_tokens` and try again",
    "Anthropic, bytes": "request_too_large: Request exceeds the maximum allowed number of bytes.",
    "Google": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048575).",
    "Vertex": "Unable to submit request because the input token count is 40000 but model only supports up to 32768. "
    "Reduce the length of your prompt: the input token count exceeds the limit.",
    "vLLM": "'max_tokens' or 'max_completion_tokens' is too large: 2000. This model's maximum context length is 4096 "
    "tokens and your request has 2104 input tokens (2000 > 4096 - 2104).",
    "vLLM, newer": "The decoder prompt (length 9000) is longer than the maximum model length of 8192.",
    "SGLang": "The input (40960 tokens) is longer than the model's context length (32768 tokens).",
    "llama.cpp": "the request exceeds the available context size. try increasing the context size",
    "llama.cpp, newer": "request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it",
    "llama.cpp's type": "exceed_context_size_error",
    "llama.cpp, running": "Context size has been exceeded.",
    "Ollama": "the input length exceeds the context length",
    "Ollama, prompt": "prompt too long; exceeded max context length by 120 tokens",
    "LM Studio": "Trying to keep the first 10136 tokens when context the overflows. However, the model is loaded with "
    "context length of only 7866 tokens, which is not enough.",
    "LM Studio, newer": "The number of tokens to keep from the initial prompt is greater than the context length.",
    "LM Studio, running": "Reached context length of 4096 tokens with model (arch: qwen3) that does not currently "
    "support mid-generation context overflow.",
    "Mistral": "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
    "Groq": "Please reduce the length of the messages or completion.",
    "Groq, bytes": "Request too large for model context window, please reduce your message size",
    "OpenRouter": "This endpoint's maximum context length is 32768 tokens. However, you requested about 40000 tokens.",
    "Bedrock": "Input is too long for requested model.",
    "Bedrock, Converse": "Input Tokens Exceeded: Number of input tokens exceeds maximum length.",
    "DeepSeek": "This model's maximum context length is 131072 tokens. However, you requested 140000 tokens.",
    "TGI": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` "
    "tokens and 100 `max_new_tokens`",
    "TGI, inputs": "Input validation error: `inputs` must have less than 4095 tokens. Given: 5000: prompt is too long",
    "LiteLLM": "litellm.ContextWindowExceededError: AnthropicException - prompt is too long",
    "NVIDIA NIM": "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens in total.",
    "xAI": "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
    "Moonshot": "Invalid request: Your request exceeded model token limit: 8192",
    "Cohere": "too many tokens: total number of tokens in the prompt cannot exceed 4081",
    "Together": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193",
    "Qwen": "Range of input length should be [1, 30720]: input length exceeds the limit",
    "Z.ai": "model_context_window_exceeded",
    "MiniMax": "invalid params, context window exceeds limit",
    "Copilot": "prompt token count of 130000 exceeds the limit of 128000 tokens",
    "Cerebras": "Please reduce the length of your messages: current length is 9000 while limit is 8192",
}
OTHERS = {
    "a rate": "Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000.",
    "Groq's rate": "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 7000, please "
    "reduce your message size and try again.",
    "Anthropic's rate": "This request would exceed your organization's rate limit of 40,000 input tokens per minute.",
    "a quota": "You exceeded your current quota, please check your plan and billing details.",
    "an unknown parameter": "Unsupported parameter: 'max_tokens' is not supported with this model.",
    "tools": "registry.ollama.ai/library/gemma does not support tools",
    "an overload": "The server is overloaded, too many requests.",
    "roles": "Conversation roles must alternate user/assistant/user/assistant",
    "a key": "Incorrect API key provided.",
    "nothing": "",
}  # fmt: skip


@pytest.mark.parametrize("said", SENTENCES.values(), ids=SENTENCES)
def test_a_request_that_was_too_long_is_known(said: str) -> None:
    assert is_context_overflow(said, 400)
    for body in (
        {"error": {"message": said}},
        {"object": "error", "message": said},
        {"detail": said},
        {"error": said},
    ):
        refusal = make_refusal(400, {}, json.dumps(body).encode())
        error = explain_refusal(refusal)
        assert isinstance(error, ContextOverflow)
        assert (error.reason, error.transient) == ("The conversation is too long for the model.", False)
        assert error.cause


@pytest.mark.parametrize("said", OTHERS.values(), ids=OTHERS)
def test_what_is_no_matter_of_length_is_not_taken_for_one(said: str) -> None:
    assert not is_context_overflow(said, 400)


def test_a_status_can_say_it_alone() -> None:
    assert is_context_overflow("", 413)
    assert not is_context_overflow("prompt is too long", 401)

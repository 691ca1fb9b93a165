# agent/run_limits.py -- how much one run may take, and how long a worker holds it, where the settings say nothing else.
from dataclasses import dataclass

# How often a model is asked for one answer, where its provider fails for a while.
MAX_MODEL_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class RunLimits:
    """The limits of one run: tokens of history, seconds, model requests, tool calls, tokens in all, bytes of text."""

    context_tokens: int = 32_000
    seconds: float = 600
    model_requests: int = 30
    tool_calls: int = 100
    tokens: int = 1_000_000
    answer_bytes: int = 2**20
    lease_seconds: float = 15
    approval_seconds: float = 3600

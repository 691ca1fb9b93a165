# agent/model_request.py -- what a model is asked, in a run and when a run is replayed.
from collections.abc import Sequence
from datetime import datetime

from agent.history import Step
from agent.prompts import INSTRUCTIONS
from agent.shortening import shorten_results
from llm.protocol import ModelRequest, ToolSpec, Turn
from tools.registry import TOOLS


def build_model_request(
    history: Sequence[Turn],
    steps: Sequence[Step],
    now: datetime,
    timezone: str,
    answer_bytes: int = 2**20,
    context_tokens: int = 32_000,
) -> ModelRequest:
    """`now` is one time for the whole run: what "tomorrow" means must not change on its way, nor in a replay.

    Results that are too long for `context_tokens` are shortened.
    """
    said = [*history, *(step.turn() for step in steps if step.text or step.calls)]
    turns = shorten_results(said, context_tokens)
    specs = [ToolSpec(tool.name, tool.description, tool.parameters()) for tool in TOOLS.values()]
    return ModelRequest(INSTRUCTIONS, turns, specs, now, timezone, answer_bytes)

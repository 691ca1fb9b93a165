# agent/model_request.py -- the request to a model, in a run and in a replay.
from collections.abc import Sequence
from datetime import datetime

from agent.history import Step
from agent.prompts import INSTRUCTIONS
from llm.protocol import ModelRequest, ToolSpec, Turn
from tools.registry import TOOLS


def build_model_request(
    history: Sequence[Turn], steps: Sequence[Step], now: datetime, timezone: str, answer_bytes: int = 2**20
) -> ModelRequest:
    """`now` is the start of the run, so that "tomorrow" means the same day in the whole run and in a replay."""
    turns = [*history, *(step.turn() for step in steps if step.text or step.calls)]
    specs = [ToolSpec(tool.name, tool.description, tool.parameters()) for tool in TOOLS.values()]
    return ModelRequest(INSTRUCTIONS, turns, specs, now, timezone, answer_bytes)

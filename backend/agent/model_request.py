# agent/model_request.py -- what a model is asked, in a run and when a run is replayed.
from collections.abc import Sequence
from datetime import datetime

from agent.history import to_turn
from agent.prompts import INSTRUCTIONS
from llm.protocol import ModelRequest, ToolSpec, Turn
from services.run_log import Step
from tools.registry import TOOLS


def build_model_request(
    history: Sequence[Turn], steps: Sequence[Step], now: datetime, timezone: str, answer_bytes: int = 2**20
) -> ModelRequest:
    """`now` is one time for the whole run: what "tomorrow" means must not change on its way, nor in a replay."""
    turns = [*history, *(to_turn(step) for step in steps if step.text or step.calls)]
    specs = [ToolSpec(tool.name, tool.description, tool.parameters()) for tool in TOOLS.values()]
    return ModelRequest(INSTRUCTIONS, turns, specs, now, timezone, answer_bytes)

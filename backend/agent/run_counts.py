# agent/run_counts.py -- what is counted of runs for the operator's metrics.
from clock import utc_now
from llm.protocol import ModelError
from metrics.recorder import EndedRun, get_recorder
from models import Run
from models.run import RunStatus
from services.run_usage import Usage


class LimitReached(ModelError):
    """The run may not go on. `what` is counted, such as tool calls."""

    def __init__(self, most: float, what: str) -> None:
        super().__init__(f"The run reached its limit of {most} {what}.", transient=False)
        get_recorder().count_limit(f"run {what}")


def name_cause(error: ModelError) -> str:
    """In a word, why a run failed."""
    return "limit" if isinstance(error, LimitReached) else "model"


def count_end(run: Run, status: RunStatus, cause: str) -> None:
    """A run that ended here; `cause` is a word, "" where it did not fail."""
    seconds = max(0.0, (utc_now() - run.started_at).total_seconds()) if run.started_at else None
    get_recorder().count_run(EndedRun(status, cause, seconds))


def count_usage(model: str, more: Usage) -> None:
    """A provider may take back what it has counted before; what is counted here can only grow."""
    counts = (more.input_tokens, more.output_tokens, more.cost_nanos or 0)
    get_recorder().count_usage(model, *(max(0, count) for count in counts))

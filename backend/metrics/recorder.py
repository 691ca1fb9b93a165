# metrics/recorder.py -- what can be counted. Nothing is, and nothing is imported for it, until a setting asks for it.
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class EndedRun:
    """`cause` is why it failed, "" where it did not; `seconds` are those from its start to its end."""

    status: str
    cause: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """What is true of a worker at one moment, each number by its name; `runs` and `oldest_run_seconds` are of the
    database, None where it did not answer."""

    runs_at_work: int
    streams: Mapping[str, int]
    connections: int
    pool_in_use: Mapping[str, int]
    pool_size: Mapping[str, int]
    log_behind: int
    processor_seconds: float
    runs: Mapping[str, int] | None = field(default=None)
    oldest_run_seconds: float | None = None


class Recorder:
    """Counts nothing. Every label has few values, which stand in the code: never an id, an address or a text."""

    def count_request(self, method: str, route: str, status: str, seconds: float) -> None:
        """A request; `seconds` until its answer began."""

    def count_run(self, run: EndedRun) -> None:
        """A run that ended here."""

    def count_usage(self, model: str, input_tokens: int, output_tokens: int, cost_nanos: int) -> None:
        """What the provider of a model has counted, and what it costs, in billionths of the operator's currency."""

    def count_batch(self, lines: int, seconds: float) -> None:
        """One commit with lines of the logs of runs."""

    def count_log_read(self, events: int, seconds: float) -> None:
        """Events that were handed to the streams of this worker, `seconds` after it was woken."""

    def count_limit(self, limit: str) -> None:
        """A limit that somebody ran into."""

    def count_failure(self, event: str, cause: str) -> None:
        """A line of the log that is a warning or an error; `cause` is the class of the exception, or ""."""

    def note_sample(self, sample: Sample) -> None:
        """Replaces the sample before."""


_recorder = Recorder()


def get_recorder() -> Recorder:
    return _recorder


def set_recorder(recorder: Recorder) -> None:
    """For this process: its log and its connections belong to no app."""
    global _recorder
    _recorder = recorder

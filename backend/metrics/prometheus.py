# metrics/prometheus.py -- the metrics as Prometheus has them, and how several workers of one server share them.
"""Only who asks for metrics imports this: prometheus_client takes half a second, and it decides at its import whether
the numbers are of this process alone or in files that several share.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from metrics.recorder import EndedRun, Recorder, Sample

METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"})
REQUEST_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
RUN_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
LINE_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
NANOS = 1_000_000_000
Merging = Literal["livesum", "livemax", "livemostrecent"]


class PrometheusRecorder(Recorder):
    """`folder` is where the workers of one server share their numbers; None: there is only this one.

    `exposed` has the numbers of all of them.
    """

    media_type = CONTENT_TYPE_LATEST

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        registry = self.exposed = CollectorRegistry()
        if folder is None:
            ProcessCollector(registry=registry)
        else:
            WorkersCollector(self.exposed, folder)
            registry = CollectorRegistry()
        self._processor_seconds = 0.0
        self._requests = Counter(
            "parley_requests",
            "Requests by route and status.",
            ["method", "route", "status"],
            registry=registry,
        )
        self._request_seconds = Histogram(
            "parley_request_seconds",
            "Seconds until an answer began.",
            ["method", "route"],
            buckets=REQUEST_BUCKETS,
            registry=registry,
        )
        self._runs = Counter(
            "parley_runs_ended", "Runs by how they ended.", ["status", "cause"], registry=registry
        )
        self._run_seconds = Histogram(
            "parley_run_seconds",
            "Seconds from the start of a run to its end.",
            ["status"],
            buckets=RUN_BUCKETS,
            registry=registry,
        )
        self._cost = Counter(
            "parley_run_cost",
            "What runs have cost, in the currency of MODEL_PRICES.",
            ["model"],
            registry=registry,
        )
        self._tokens = Counter(
            "parley_run_tokens",
            "Tokens that runs have read and written.",
            ["model", "kind"],
            registry=registry,
        )
        self._batch_lines = Histogram(
            "parley_batch_lines",
            "Lines of the logs of runs in one commit.",
            buckets=LINE_BUCKETS,
            registry=registry,
        )
        self._batch_seconds = Histogram(
            "parley_batch_seconds",
            "Seconds that such a commit took.",
            buckets=REQUEST_BUCKETS,
            registry=registry,
        )
        self._log_seconds = Histogram(
            "parley_log_read_seconds",
            "Seconds from a wake-up until what is new in the log was handed to the streams.",
            buckets=REQUEST_BUCKETS,
            registry=registry,
        )
        self._log_events = Counter(
            "parley_log_events", "Events of the log that were handed to the streams.", registry=registry
        )
        self._limits = Counter(
            "parley_limits_hit", "Limits that somebody ran into.", ["limit"], registry=registry
        )
        self._failures = Counter(
            "parley_failures",
            "Warnings and errors of the log by the class of their cause.",
            ["event", "cause"],
            registry=registry,
        )
        self._gauges = {
            name: Gauge(name, text, labels, registry=registry, multiprocess_mode=mode)
            for name, text, labels, mode in GAUGES
        }
        self._processor = Counter(
            "parley_processor_seconds", "Processor time of the workers.", registry=registry
        )

    def count_request(self, method: str, route: str, status: str, seconds: float) -> None:
        method = method if method in METHODS else "other"
        self._requests.labels(method, route, status).inc()
        self._request_seconds.labels(method, route).observe(seconds)

    def count_run(self, run: EndedRun) -> None:
        self._runs.labels(run.status, run.cause).inc()
        if run.seconds is not None:
            self._run_seconds.labels(run.status).observe(run.seconds)

    def count_usage(self, model: str, input_tokens: int, output_tokens: int, cost_nanos: int) -> None:
        self._tokens.labels(model, "input").inc(input_tokens)
        self._tokens.labels(model, "output").inc(output_tokens)
        self._cost.labels(model).inc(cost_nanos / NANOS)

    def count_batch(self, lines: int, seconds: float) -> None:
        self._batch_lines.observe(lines)
        self._batch_seconds.observe(seconds)

    def count_log_read(self, events: int, seconds: float) -> None:
        self._log_events.inc(events)
        self._log_seconds.observe(seconds)

    def count_limit(self, limit: str) -> None:
        self._limits.labels(limit).inc()

    def count_failure(self, event: str, cause: str) -> None:
        self._failures.labels(event, cause).inc()

    def note_sample(self, sample: Sample) -> None:
        self._set("parley_runs_at_work", sample.runs_at_work)
        self._set("parley_connections", sample.connections)
        self._set("parley_log_behind", sample.log_behind)
        self._set_each("parley_streams", sample.streams)
        self._set_each("parley_pool_in_use", sample.pool_in_use)
        self._set_each("parley_pool_size", sample.pool_size)
        if sample.runs is not None:
            self._set_each("parley_runs", sample.runs)
            self._set("parley_oldest_waiting_run_seconds", sample.oldest_run_seconds or 0.0)
        self._processor.inc(sample.processor_seconds - self._processor_seconds)
        self._processor_seconds = sample.processor_seconds

    def _set(self, name: str, value: float) -> None:
        self._gauges[name].set(value)

    def _set_each(self, name: str, values: Mapping[str, int]) -> None:
        for label, value in values.items():
            self._gauges[name].labels(label).set(value)

    @property
    def is_shared(self) -> bool:
        return self._folder is not None

    def render(self) -> bytes:
        """All numbers in Prometheus' text format; of all workers where there are several."""
        return generate_latest(self.exposed)


class WorkersCollector(MultiProcessCollector):
    """The numbers of all workers. What was true of one that is gone is true no more; what it has counted stays."""

    def __init__(self, registry: CollectorRegistry, folder: Path) -> None:
        super().__init__(registry, str(folder))  # type: ignore[no-untyped-call]
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        forget_dead_workers(self._folder)
        found: Iterable[Metric] = super().collect()  # type: ignore[no-untyped-call]
        return found


# Name, text, label, and how the numbers of several workers become one.
GAUGES: tuple[tuple[str, str, list[str], Merging], ...] = (
    ("parley_runs_at_work", "Runs that workers work on.", [], "livesum"),
    ("parley_streams", "Open streams and waiting requests.", ["kind"], "livesum"),
    ("parley_connections", "Open connections of clients.", [], "livesum"),
    ("parley_pool_in_use", "Connections to the database that are in use.", ["pool"], "livesum"),
    ("parley_pool_size", "Connections to the database that there may be.", ["pool"], "livesum"),
    ("parley_log_behind", "Events with a number that were not handed to the streams yet.", [], "livemax"),
    ("parley_runs", "Runs in the database that have not ended.", ["status"], "livemostrecent"),
    (
        "parley_oldest_waiting_run_seconds",
        "How long the oldest run has been waiting for a worker.",
        [],
        "livemostrecent",
    ),
)


def forget_dead_workers(folder: Path) -> None:
    for path in folder.glob("gauge_live*.db"):
        worker = int(path.stem.rpartition("_")[2])
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            mark_process_dead(worker, str(folder))  # type: ignore[no-untyped-call]

# timings.py -- intervals and time limits that are no settings: an operator has no reason to change them, a test has.
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timings:
    """All in seconds. Together with the session cache (0.5 s), `poll` keeps a promise: a revoked session stops
    within 1 s."""

    # Streams: a wake-up by another worker may be lost, so each worker also polls for its open streams.
    poll: float = 0.4
    heartbeat: float = 15.0
    # How long a worker gathers what its streams have sent before it stores that it was delivered.
    delivery_marks: float = 1.0
    # How long one frame of a stream may wait for a reader that does not read.
    stream_send: float = 10.0
    # A read that takes longer is cancelled when its client disconnects; shorter ones pay for a timer alone.
    disconnect_watch_delay: float = 0.2
    # How long a further search, export or import of one user waits for an earlier one, and a repeated request for the
    # first one.
    search_wait: float = 2.0
    idempotency_wait: float = 10.0
    # How often a worker is looked at for its metrics, where somebody wants them.
    metrics_sample: float = 5.0
    # How often a worker polls for runs that nobody works on.
    worker_poll: float = 1.0
    # Connections: the head of a request; every 4 KiB of its body; an answer that nobody reads, and the same once the
    # server shuts down; what is still received of a request that was refused; how often all of this is checked.
    request_head: float = 10.0
    request_body: float = 30.0
    unread_answer: float = 30.0
    unread_answer_at_shutdown: float = 5.0
    linger: float = 2.0
    connection_sweep: float = 1.0

# support/processor_time.py -- what a piece of work costs, whatever else the machine does.
import time
from collections.abc import Callable


def cost(work: Callable[[], object]) -> float:
    """Seconds of this thread's processor, the least of three."""
    times = []
    for _ in range(3):
        start = time.thread_time()
        work()
        times.append(time.thread_time() - start)
    return min(times)

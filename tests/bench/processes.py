# processes.py -- contenders and other programs as processes that end with whoever started them.
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
KEY = "a key for benchmarks that is long enough"
END_SECONDS = 10


def started(name: str, database_url: str, **more: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """The contender in a process of its own."""
    return started_module("bench.serve", name, BENCH_DATABASE_URL=database_url, BENCH_KEY=KEY, **more)


@contextmanager
def started_module(module: str, *arguments: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """A process that prints a number, and ends when its standard input does."""
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent / "backend")])
    environment = {**os.environ, "PYTHONPATH": paths, **more}
    command = [sys.executable, "-P", "-m", module, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, cwd="/", stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def read_port(process: subprocess.Popen[str]) -> int:
    """Returns when the contender listens."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("a contender did not start")
    return int(line)

# test_bench.py -- the benchmark works and compares like with like; how fast anything is, is not tested.
import subprocess
import sys
from pathlib import Path

import pytest

from support import browsers
from support.databases.postgres import PostgresServer

pytestmark = pytest.mark.slow

BENCH = Path(__file__).parent / "bench" / "run.py"
CONTENDERS = ["parley", "tutorial_sync", "tutorial_async", "leanest"]


def test_the_contenders_answer_alike_and_the_table_has_a_row_for_each(postgres: PostgresServer) -> None:
    command = [sys.executable, str(BENCH), "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    head, *rows, _, conditions = done.stdout.splitlines()
    assert head.split()[:2] == ["scenario", "contender"]
    beside = {
        "list 50 of 200 tasks": CONTENDERS,
        "create a task": CONTENDERS,
        "list 50 of 200 tasks over MCP": ["parley", "parley_rest"],
    }
    for scenario, contenders in beside.items():
        shown = [row.removeprefix(scenario).split()[0] for row in rows if row.startswith(f"{scenario}  ")]
        assert shown == contenders
    figures = [
        "20 idle streams: memory of each",
        "a change to 5 streams: median",
        "one event each to 10 people: p50 / p99",
    ]
    figures += ["an answer, 2 requests, 1 tool, 40 pieces: processor"]
    figures += ["an answer, 2 requests, 1 tool, 40 pieces: statements"]
    figures += ["the same by pydantic-ai's Agent, without a database"]
    figures += ["the same by the openai client, without a database"]
    figures += ["the same, pieces 33 ms apart, 1 at once: processor of each"]
    figures += ["first text after POST, added to the model's own, one at a time: median"]
    figures += ["first text after POST, added to the model's own, 3 at once: median"]
    figures += ["3 answers at once, 30 pieces a second: lag, 50, 90, 99 % under"]
    figures += ["history of 400 messages against 44, for the next message"]
    figures += ["an answer after 400 messages against 44: processor"]
    figures += ["list 50 of 200 tasks: 99 % by the median"]
    if browsers.MISSING:
        figures += ["console"]
    else:
        figures += ["console: first contentful paint, nothing cached"]
        figures += ["console, 200 messages: the last 50 on the screen"]
    for figure in figures:
        assert len([row for row in rows if row.startswith(f"{figure}  ")]) == 1
    assert "PostgreSQL" in conditions

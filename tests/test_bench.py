# test_bench.py -- the benchmark works and compares like with like; how fast anything is, is not tested.
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.chat import report
from bench.chat.compare import QUICK, measure
from bench.chat.parley_side import open_parley
from bench.chat.report import Result
from bench.chat.rounds import Round
from bench.chat.synapse_server import Installation, find_synapse
from support import browsers
from support.databases.postgres import PostgresServer

pytestmark = pytest.mark.slow

BENCH = Path(__file__).parent / "bench" / "run.py"
CONTENDERS = ["parley", "tutorial_sync", "tutorial_async", "leanest"]


def test_the_contenders_answer_alike_and_the_table_has_a_row_for_each(postgres: PostgresServer) -> None:
    command = [sys.executable, str(BENCH), "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
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
        "requests/s with metrics, by those without",
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


def run_comparison(**environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(BENCH), "--quick", "--peers", "synapse"]
    whole = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False, env=whole)


@pytest.mark.parametrize(
    ("venv", "reason"), [("", "no synapse_homeserver is found"), ("/nowhere", "is not there")]
)
def test_without_a_synapse_the_comparison_says_why_it_is_left_out(venv: str, reason: str) -> None:
    done = run_comparison(SYNAPSE_VENV=venv, PATH=os.defpath)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("synapse: not measured: ")
    assert reason in done.stdout


def test_people_who_talk_on_two_workers_hear_all_that_is_said(new_database: Callable[[str], str]) -> None:
    url = new_database("postgresql")

    async def talk() -> list[Result]:
        async with open_parley(url, QUICK.people, 2) as side:
            results, memory = await measure([side], QUICK, time.monotonic())
            assert list(memory) == ["parley"]
            return results

    results = asyncio.run(talk())
    assert [(result.name, result.is_full) for result in results] == [
        (stretch.name, not stretch.pause) for stretch in QUICK.stretches
    ]
    for stretch, result in zip(QUICK.stretches, results, strict=True):
        [held] = result.rounds["parley"]
        assert len(held.delays) >= stretch.writers
        assert min(held.rate, held.server, *held.delays) > 0


def test_the_comparison_judges_by_neighbouring_rounds(capsys: pytest.CaptureFixture[str]) -> None:
    def hold(rate: float, server: float) -> Round:
        return Round(rate, server, server / 2, [1 / rate] * 4)

    ours, theirs = (
        [hold(60, 0.001), hold(6, 0.01), hold(30, 0.002)],
        [hold(10, 0.01), hold(1, 0.1), hold(10, 0.004)],
    )
    result = Result("group", True, {"parley": ours, "synapse": theirs})
    report.print_report([result], {"parley": 2048.0, "synapse": 4096.0}, "quiet", judged=True)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "group: messages a second 6.00 times Synapse's (aim: at least 5; reached: yes)" in lines
    assert "group: the server's processor 0.100 of Synapse's (aim: at most 0.2; reached: yes)" in lines
    assert "group: p99 to the last member 0.167 of Synapse's" in lines
    assert "memory of a member who listens: synapse 4 KiB" in lines


@pytest.mark.skipif(not isinstance(find_synapse(), Installation), reason="no Synapse is installed")
def test_both_servers_are_measured_and_nothing_stays_behind(postgres: PostgresServer) -> None:
    done = run_comparison()
    assert (done.returncode, done.stderr) == (0, "")
    head, *rows = done.stdout.splitlines()
    assert head.split()[:2] == ["conversation", "server"]
    for stretch in QUICK.stretches:
        shown = [
            row.removeprefix(stretch.name).split()[0] for row in rows if row.startswith(f"{stretch.name}  ")
        ]
        assert shown == ["parley", "synapse"]
    left = Path(tempfile.gettempdir()).glob("parley-bench-synapse-*")
    assert list(left) == []

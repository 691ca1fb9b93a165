# tests/conftest.py -- options and hooks of the test run; it imports nothing of Parley, so that offline tests start fast
import os
from pathlib import Path

import pytest

# The tests of the offline model need no server; support/fixtures.py takes three seconds of processor time to import.
WITHOUT_SERVER = Path(__file__).parent / "llm" / "offline"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-engines", action="store_true", help="run on all engines whatever takes one")
    parser.addoption("--sqlite-only", action="store_true", help="leave out what needs another database")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """What `-n auto` means. Many tests wait for a while: with one more worker the processors do not. The quick ones
    wait little, and each worker collects all of them.
    """
    processors = os.cpu_count() or 1
    return processors if config.getoption("sqlite_only") else processors + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("sqlite_only"):
        left_out = {item for item in items if isinstance(item, pytest.Function) and needs_a_server(item)}
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]
    # What takes long begins first: at the end the others would wait for it.
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def needs_a_server(test: pytest.Function) -> bool:
    """Whether a test is for PostgreSQL or MariaDB, by its parameters or by its fixtures."""
    servers = {"postgresql", "postgres", "mariadb"}
    values = test.callspec.params.values() if hasattr(test, "callspec") else ()
    return any(value in servers for value in values if isinstance(value, str)) or bool(
        servers & set(test.fixturenames)
    )


@pytest.hookimpl(tryfirst=True)
def pytest_make_collect_report(collector: pytest.Collector) -> None:
    if isinstance(collector, pytest.Module) and not collector.path.is_relative_to(WITHOUT_SERVER):
        collector.config.pluginmanager.import_plugin("support.fixtures")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """An engine that is not there is told of, also where nobody asked for the reasons of skips."""
    skips = [report.longrepr for report in terminalreporter.stats.get("skipped", [])]
    reasons = [str(skip[2]).removeprefix("Skipped: ") for skip in skips if isinstance(skip, tuple)]
    for reason in sorted({reason for reason in reasons if reason.startswith("no ")}):
        terminalreporter.write_line(f"{reasons.count(reason)} tests skipped: {reason}", yellow=True)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"

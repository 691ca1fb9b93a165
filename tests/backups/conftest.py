# conftest.py -- the operator's commands on one database after another, and the programs that they need.
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import cli
from support.databases.catalog import Place, empty_place
from support.servers import settings_for

Parley = Callable[..., Result]


@pytest.fixture(autouse=True)
def all_programs(programs_of_the_tests: None) -> None:
    """Every test here needs them."""


@pytest.fixture
def empty(request: pytest.FixtureRequest, engine_name: str, tmp_path: Path) -> Iterator[Place]:
    """A database to restore into."""
    folder = tmp_path / "empty"
    folder.mkdir()
    yield from empty_place(request, engine_name, folder)


@pytest.fixture
def parley(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command on the database of a URL."""

    def run(url: str, *words: str | Path, **settings: Any) -> Result:
        monkeypatch.setattr("commands.context.get_settings", lambda: settings_for(url, **settings))
        return CliRunner().invoke(cli.app, list(map(str, words)))

    return run

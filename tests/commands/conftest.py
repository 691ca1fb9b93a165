# conftest.py -- the command line, on a database of the test's own.
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

import cli
from settings import Settings
from support.servers import settings_for


@pytest.fixture
def parley(
    new_database: Callable[[str], str], engine_name: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Where nobody may register, so that only commands make users."""
    settings = settings_for(new_database(engine_name), registration="closed")
    monkeypatch.setattr("commands.context.get_settings", lambda: settings)

    def run(*words: str, given: str = "") -> Result:
        return CliRunner().invoke(cli.app, list(words), input=given)

    run.settings = settings  # type: ignore[attr-defined]
    return run


@pytest.fixture
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the environment nor the `.env` of whoever runs the tests."""
    for name in map(str.upper, Settings.model_fields):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", None)

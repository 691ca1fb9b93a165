# tests/console/browser/conftest.py -- a Chromium for a module's tests, and servers for it to visit.
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from support import browsers
from support.browsers import Visit, Visitor, visiting
from support.llm.scripted_model import ScriptedModel
from support.servers import Server, serving, settings_for


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if browsers.MISSING and "browser" in item.path.parts:
            item.add_marker(pytest.mark.skip(reason=browsers.MISSING))


# For a module, not for the session: while it runs, no test of this process could start an event loop of its own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = browsers.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Parley with the offline model."""
    with serving(settings_for(f"sqlite:///{tmp_path_factory.mktemp('site') / 'parley.db'}")) as server:
        yield server


@pytest.fixture
def scripted_site(tmp_path_factory: pytest.TempPathFactory, model: ScriptedModel) -> Iterator[Server]:
    """A Parley of the test's own, whose model says what the test wants, as slowly as it wants."""
    database = tmp_path_factory.mktemp("site") / "parley.db"
    with serving(settings_for(f"sqlite:///{database}"), model) as server:
        object.__setattr__(server.state.worker.context, "backoff_seconds", 0.0)
        yield server


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visitor]:
    """visit(server, **options of a Playwright context): a browser profile, looked after until the test ends."""
    with ExitStack() as visits:

        def begin(server: Server, **options: Any) -> Visit:
            context: AbstractContextManager[Visit] = visiting(chromium, server, **options)
            return visits.enter_context(context)

        yield begin

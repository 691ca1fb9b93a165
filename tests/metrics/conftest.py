# conftest.py -- a server whose metrics are asked for.
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from support.llm.scripted_model import ScriptedModel
from support.metrics import TOKEN, Meter
from support.servers import Server, serving, settings_for
from timings import Timings

PRICES = {"scripted": {"input": 1, "output": 2}}


@pytest.fixture
def measured(own_database_url: str, model: ScriptedModel) -> Iterator[Server]:
    """No look at the database comes between."""
    settings = settings_for(own_database_url, metrics_token=TOKEN, model_prices=PRICES, log_level="warning")
    with serving(settings, model, Timings(metrics_sample=3600.0)) as server:
        object.__setattr__(server.state.worker.context, "backoff_seconds", 0.0)
        yield server


@pytest.fixture
def meter(measured: Server) -> Meter:
    return Meter(measured)


@pytest.fixture
def ask() -> Callable[..., httpx.Response]:
    def get(server: Server, **headers: Any) -> httpx.Response:
        return server.client(**headers).get("/metrics")

    return get

# test_start.py -- what a start does not import, because it is dear and rarely used: counted, never timed.
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from settings import ROOT
from support.servers import KEY

# The SDK of MCP waits for the first request, Alembic for a schema that is not at head, a client for its model.
NEVER = {"mcp", "mcp_types", "alembic", "pydantic_ai", "openai", "anthropic", "google.genai", "asyncmy"}
SERVE = """
import asyncio, json, sys
import lifespan, main

async def serve():
    async with lifespan.run_app(main.create_app()):
        pass
    print(json.dumps(sorted(sys.modules)))

asyncio.run(serve())
"""


@pytest.mark.parametrize(
    ("settings", "not_imported"),
    [
        ({}, {"aiohttp", "llm.providers"}),
        ({"MODEL": "some-model", "MODEL_BASE_URL": "http://127.0.0.1:9/v1"}, {"llm.offline.model"}),
    ],
    ids=["offline", "provider"],
)
@pytest.mark.busy
def test_a_start_at_head_imports_nothing_dear_that_it_does_not_use(
    tmp_path: Path, settings: dict[str, str], not_imported: set[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'parley.db'}"
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": url, "SECRET_KEY": KEY, **settings}
    for _ in range(2):  # the first start makes the tables
        said = subprocess.check_output(
            [sys.executable, "-c", SERVE], cwd=ROOT / "backend", env=environment, text=True
        )
    imported = set(json.loads(said.splitlines()[-1]))
    assert "main" in imported
    assert imported & (NEVER | not_imported) == set()

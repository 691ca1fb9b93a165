# test_conformance.py -- the official suite of MCP against a live server: the protocol, and who issues tokens.
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx
import pytest

import lifespan
from protocols.mcp import auth
from protocols.oauth.endpoints import CONSENT_PAGE
from support.clients.conformance_fixtures import FixtureServer
from support.clients.mcp_client import token_of
from support.clients.node import FOLDER, find_node, needs_node
from support.clients.oauth_client import decide, open_app, read_request
from support.servers import Person, Server, serving, settings_for

pytestmark = [needs_node, pytest.mark.slow]
SUITE = FOLDER / "node_modules/@modelcontextprotocol/conformance/dist/index.js"
EXPECTED = Path(__file__).parent
PORT = 33_419
SECONDS = 240


@pytest.fixture
def fixtures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Parley with the fixtures. The suite has no way to send a token: who brings none has one here."""
    monkeypatch.setattr(lifespan, "build_mcp_manager", lambda state: FixtureServer(state).build_manager())
    with serving(settings_for(f"sqlite:///{tmp_path / 'parley.db'}")) as server:
        token, read_own = token_of(server.person()), auth.read_bearer
        monkeypatch.setattr(auth, "read_bearer", lambda headers: read_own(headers) or token)
        yield server


@contextmanager
def run_suite(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    node = find_node()
    assert node is not None
    environment = {"PATH": os.environ["PATH"], "NO_COLOR": "1"}
    command = [node, str(SUITE), *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as suite:
        yield suite
        suite.kill()


@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
def test_the_server_does_what_the_suite_asks_for(fixtures: Server, version: str) -> None:
    arguments = (
        "--suite",
        "all",
        "--spec-version",
        version,
        "--expected-failures",
        str(EXPECTED / f"expected-{version}.yml"),
    )
    with run_suite("server", "--url", f"{fixtures.base_url}/mcp", *arguments) as suite:
        said, _ = suite.communicate(timeout=SECONDS)
    assert suite.returncode == 0, said[-4_000:]
    passed = int(re.findall(r"Total: (\d+) passed", said)[0])
    assert passed >= {"2025-11-25": 58, "2026-07-28": 149}[version], said[-4_000:]


def test_tokens_are_issued_as_the_suite_asks_for(server: Server, ann: Person) -> None:
    app = open_app(server, f"http://127.0.0.1:{PORT}/callback")
    arguments = ("--client-id", app.client_id, "--resource", f"{server.base_url}/mcp", "--port", str(PORT))
    with run_suite("authorization", "--url", server.base_url, *arguments) as suite:
        assert suite.stdout is not None
        said = answer_suite(suite.stdout, ann)
        suite.wait(SECONDS)
    assert suite.returncode == 0, said
    assert "0 failed" in said


def answer_suite(stdout: IO[str], person: Person) -> str:
    """Go as a person where the suite sends one; everything that it has said."""
    lines = []
    for line in stdout:
        lines.append(line)
        if found := re.search(r"https?://\S+/oauth/authorize\?\S+", line):
            opened = person.http.get(found[0], follow_redirects=False).headers["location"]
            assert opened.startswith(CONSENT_PAGE)
            httpx.get(decide(person, read_request(f"/?{opened.removeprefix(CONSENT_PAGE)}")), trust_env=False)
    return "".join(lines)

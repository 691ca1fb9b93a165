# test_clients.py -- programs that people use, with a token and by OAuth: the cells of README's table.
import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from protocols.mcp.conversation_tools import CONVERSATION_TOOLS
from protocols.oauth.endpoints import CONSENT_PAGE
from support.clients.mcp_client import token_of
from support.clients.node import FOLDER, find_node, needs_node, run_node, run_program
from support.clients.oauth_client import decide, read_request
from support.servers import Person, Server, wait_until
from tools.registry import TOOLS

pytestmark = [needs_node, pytest.mark.slow, pytest.mark.engines("sqlite")]
INSPECTOR = FOLDER / "node_modules/.bin/mcp-inspector"
REMOTE = FOLDER / "node_modules/mcp-remote/dist/client.js"


@pytest.mark.parametrize("way", ["token", "oauth"])
@pytest.mark.parametrize("program", ["mcp_v1.mjs", "mcp_v2.mjs"])
def test_the_sdks_of_typescript_come_in(server: Server, ann: Person, program: str, way: str) -> None:
    key = token_of(ann) if way == "token" else ann.tokens["access_token"]
    seen = run_node(program, server, key, way)
    assert set(seen["tools"]) == TOOLS.keys() | CONVERSATION_TOOLS.keys()
    assert seen["made"] == "Buy milk"
    assert "Buy milk" in seen["read"]
    assert [task["title"] for task in ann.get("/v1/tasks")["data"]] == ["Buy milk"]
    apps = [token for token in ann.get("/v1/me/tokens")["data"] if "client_id" in token]
    assert [app["name"] for app in apps] == ([] if way == "token" else ["A program of a test"])


def test_the_inspector_comes_in_with_a_token(server: Server, ann: Person, tmp_path: Path) -> None:
    where = ("--cli", f"{server.base_url}/mcp", "--transport", "http")
    header = ("--header", f"Authorization: Bearer {token_of(ann)}")
    said = run_program(tmp_path, str(INSPECTOR), *where, *header, "--method", "tools/list")
    assert {tool["name"] for tool in json.loads(said)["tools"]} == TOOLS.keys() | CONVERSATION_TOOLS.keys()


@contextmanager
def start_remote(folder: Path, server: Server, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    node = find_node()
    assert node is not None
    command = [node, str(REMOTE), f"{server.base_url}/mcp", *arguments, "--transport", "http-only"]
    environment = {"PATH": f"{Path(node).parent}{os.pathsep}/usr/bin:/bin", "HOME": str(folder)}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,  # it ends with its input
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as remote:
        yield remote
        remote.kill()


def find_free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def go_back(address: str) -> None:
    """As a browser that a person sends there: the program may begin to listen a moment later."""

    def is_there() -> bool:
        try:
            return httpx.get(address, trust_env=False).is_success
        except httpx.ConnectError:
            return False

    wait_until(is_there)


@pytest.mark.parametrize("way", ["token", "oauth"])
def test_mcp_remote_comes_in(server: Server, ann: Person, tmp_path: Path, way: str) -> None:
    header = ("--header", f"Authorization: Bearer {token_of(ann)}")
    arguments = header if way == "token" else (str(find_free_port()),)
    listed = ""
    with start_remote(tmp_path, server, *arguments) as remote:
        assert remote.stdout is not None
        for line in remote.stdout:
            listed += line
            if found := re.search(r"https?://\S+/oauth/authorize\?\S+", line):
                opened = ann.http.get(found[0], follow_redirects=False).headers["location"]
                go_back(decide(ann, read_request(f"/?{opened.removeprefix(CONSENT_PAGE)}")))
            if '"name": "undo"' in line or "name: 'undo'" in line:
                break
    assert "undo" in listed, listed
    apps = [token["scopes"] for token in ann.get("/v1/me/tokens")["data"] if "client_id" in token]
    assert apps == ([] if way == "token" else [["read", "write"]])

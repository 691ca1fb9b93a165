# synapse_server.py -- a Synapse that is installed on this machine, started on loopback for one benchmark.
"""`SYNAPSE_VENV` names the virtual environment in which it is installed; without it, it is the one whose
`synapse_homeserver` the shell finds.
"""

import json
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from bench.chat.synapse_config import configure, configure_logs, configure_workers
from bench.processes import read_port, started_module
from support.processes.server_programs import find_free_port

START_SECONDS = 90
# What Synapse itself is, what it speaks to PostgreSQL with, and what it needs to be more than one process.
NEEDED, FOR_WORKERS = ("synapse", "psycopg2"), "txredisapi"


@dataclass(frozen=True, slots=True)
class Installation:
    """Where Synapse is; `redis` is the program that lets it be two processes, or None."""

    python: str
    version: str
    redis: str | None


@dataclass(frozen=True, slots=True)
class SynapseServer:
    ports: list[int]
    process_ids: list[int]
    secret: str


def find_synapse() -> Installation | str:
    """It, or why it is not there."""
    venv = os.environ.get("SYNAPSE_VENV")
    script = Path(venv, "bin", "synapse_homeserver") if venv else shutil.which("synapse_homeserver")
    if script is None:
        return "no synapse_homeserver is found, and SYNAPSE_VENV names no virtual environment with one"
    python = Path(script).with_name("python")
    version = run_python(python, f"import {', '.join(NEEDED)}; print(synapse.__version__)")
    if version is None:
        return f"{python} is not there, or does not import {' and '.join(NEEDED)}"
    can_have_workers = run_python(python, f"import {FOR_WORKERS}") is not None
    return Installation(str(python), version, shutil.which("redis-server") if can_have_workers else None)


def run_python(python: Path, code: str) -> str | None:
    """What the code prints; None if it cannot be run, or fails."""
    try:
        done = subprocess.run([python, "-Ic", code], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return None if done.returncode else done.stdout.strip()


@contextmanager
def running_synapse(found: Installation, database_url: str) -> Iterator[SynapseServer]:
    """Two processes if it can be, and the Redis between them; else one."""
    with ExitStack() as cleanup:
        folder = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="parley-bench-synapse-"))
        secret, ports, process_ids = secrets.token_hex(), [find_free_port()], []
        write(folder, "log.json", configure_logs(folder))
        config = configure(database_url, folder, secret, ports[0])
        worker = None
        if found.redis is not None:
            redis_port, replication_port, worker_port = find_free_port(), find_free_port(), find_free_port()
            ports.append(worker_port)
            config, worker = configure_workers(config, redis_port, replication_port, worker_port)
            options = {"port": redis_port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": folder}
            words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
            process_ids.append(start(cleanup, found.redis, *words))
        common = write(folder, "homeserver.json", config)
        process_ids.append(start(cleanup, found.python, "-Im", "synapse.app.homeserver", "-c", common))
        wait_until_healthy(ports[0], folder)  # it makes the tables, which the other one needs
        if worker is not None:
            own = write(folder, "worker.json", worker)
            command = ("-Im", "synapse.app.generic_worker", "-c", common, "-c", own)
            process_ids.append(start(cleanup, found.python, *command))
            wait_until_healthy(ports[1], folder)
        yield SynapseServer(ports, process_ids, secret)


def start(cleanup: ExitStack, *command: str) -> int:
    """The number of its process, which ends with the block."""
    return read_port(cleanup.enter_context(started_module("bench.chat.keep", *command)))


def write(folder: str, name: str, content: dict[str, Any]) -> str:
    path = Path(folder, name)
    path.write_text(json.dumps(content))
    return str(path)


def wait_until_healthy(port: int, folder: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    log = Path(folder, "log")
    raise RuntimeError(f"Synapse did not start: {log.read_text() if log.exists() else 'it logged nothing'}")

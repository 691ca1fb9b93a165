# test_workers.py -- several workers of one server have the same numbers, and one of them serves their port.
import os
import signal
import socket
from pathlib import Path

import httpx
import pytest

from server import metrics_access
from settings import SettingsError
from support.metrics import TOKEN, Samples, parse
from support.processes.server_process import started
from support.servers import KEY, wait_until


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def count(samples: Samples, name: str, **labels: str) -> float:
    wanted = labels.items()
    return sum(value for (found, given), value in samples.items() if found == name and wanted <= set(given))


@pytest.mark.slow
def test_two_workers_count_together_and_one_takes_over_from_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = find_free_port()
    settings = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'parley.db'}",
        "SECRET_KEY": KEY,
        "METRICS_PORT": str(port),
        "METRICS_TOKEN": TOKEN,
        "TMPDIR": str(tmp_path),
        "LOG_FORMAT": "json",
    }
    http = httpx.Client(trust_env=False, timeout=20)
    with http, started(tmp_path, "--workers", "2", "--app-dir", "backend", **settings) as server:
        server.ready()
        wait_until(lambda: server.said().count("Application startup complete") == 2, 60)
        for _ in range(20):  # on connections of their own, which the kernel spreads
            httpx.get(f"{server.base_url}/healthz", trust_env=False)

        def read_port() -> Samples:
            return parse(http.get(f"http://127.0.0.1:{port}/metrics").text)

        def read_page() -> Samples:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            return parse(httpx.get(f"{server.base_url}/metrics", headers=headers, trust_env=False).text)

        for read in (read_port, read_page, read_page, read_page):
            assert count(read(), "parley_requests_total", route="/healthz") == 20
        wait_until(lambda: count(read_port(), "parley_pool_size", pool="long work") == 2)
        [folder] = tmp_path.glob("parley-metrics-*")
        assert folder.stat().st_mode & 0o777 == 0o700
        [serving] = [line for line in server.said().splitlines() if "metrics are served" in line]
        assert str(port) in serving
        workers = {int(file.stem.rpartition("_")[2]) for file in folder.glob("counter_*.db")}
        assert len(workers) == 2
        victim = find_listener(port, workers)
        os.kill(victim, signal.SIGKILL)
        # Another worker serves the port, what the dead one had is gone, and what it has counted is not.
        wait_until(lambda: server.said().count("metrics are served") == 2, 60)
        wait_until(lambda: not list(folder.glob(f"gauge_live*_{victim}.db")) or read_port() is None)
        assert count(read_port(), "parley_requests_total", route="/healthz") == 20


def find_listener(port: int, processes: set[int]) -> int:
    """Which of the processes has the port."""
    table = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    [inode] = [row[9] for row in table if row[1].endswith(f":{port:04X}") and row[3] == "0A"]
    for process in processes:
        for file in Path(f"/proc/{process}/fd").iterdir():
            if file.is_symlink() and os.readlink(file) == f"socket:[{inode}]":
                return process
    raise AssertionError("nobody has the port")


def test_a_process_that_is_alone_shares_nothing() -> None:
    assert metrics_access.open_shared_folder() is None


def test_a_folder_of_somebody_else_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others of the machine may write where it stands, but cannot know its name; should they, they gain nothing."""
    monkeypatch.setattr(metrics_access.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(metrics_access.multiprocessing, "parent_process", object)
    folder = metrics_access.open_shared_folder()
    assert folder is not None
    assert metrics_access.open_shared_folder() == folder
    folder.chmod(0o755)
    with pytest.raises(SettingsError, match="is not a folder of ours alone"):
        metrics_access.open_shared_folder()
    folder.rmdir()
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingsError, match="is not a folder of ours alone"):
        metrics_access.open_shared_folder()


def test_folders_of_servers_that_are_gone_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_access.tempfile, "gettempdir", lambda: str(tmp_path))
    old, new = tmp_path / "parley-metrics-old", tmp_path / "parley-metrics-new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "counter_1.db").touch()
    for path in (old / "counter_1.db", old, new):
        os.utime(path, (1, 1))
    metrics_access.remove_old_folders()
    assert [path.name for path in tmp_path.iterdir()] == [new.name]

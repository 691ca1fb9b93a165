# server/metrics_access.py -- switches the metrics on, for one process or several, and serves them on their own port.
import asyncio
import errno
import hashlib
import multiprocessing
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIServer

import structlog
from structlog.typing import FilteringBoundLogger

from clock import utc_now
from metrics.recorder import get_recorder, set_recorder
from settings import Settings, SettingsError, find_metrics_folder, name_metrics_folder

if TYPE_CHECKING:
    from metrics.prometheus import PrometheusRecorder

log: FilteringBoundLogger = structlog.get_logger()

PREFIX = "parley-metrics-"
ONLY_OWNER = 0o700
# Nobody comes back to a folder that nobody has used for so long.
OLD_SECONDS = 24 * 3600
RETRY_SECONDS = 5.0


def enable_metrics(settings: Settings) -> None:
    """Count from now on, if a setting asks for it: in this process, whichever app of it."""
    if settings.has_metrics and find_prometheus() is None:
        folder = find_metrics_folder() or open_shared_folder()
        if folder is not None:
            name_metrics_folder(folder)
        from metrics.prometheus import PrometheusRecorder

        set_recorder(PrometheusRecorder(folder))


def find_prometheus() -> "PrometheusRecorder | None":
    """None where nothing is counted."""
    recorder = get_recorder()
    return recorder if hasattr(recorder, "render") else None  # type: ignore[return-value]


def open_shared_folder() -> Path | None:
    """Where the workers of one `uvicorn --workers` share their numbers; None for a process that is alone.

    They have a key in common that nobody else can know, from the process that has started them.
    """
    if multiprocessing.parent_process() is None:
        return None
    name = hashlib.sha256(bytes(multiprocessing.current_process().authkey)).hexdigest()[:32]
    remove_old_folders()
    folder = Path(tempfile.gettempdir()) / f"{PREFIX}{name}"
    folder.mkdir(mode=ONLY_OWNER, exist_ok=True)
    status = folder.lstat()
    if (
        not stat.S_ISDIR(status.st_mode)
        or status.st_uid != os.getuid()
        or stat.S_IMODE(status.st_mode) & 0o077
    ):
        raise SettingsError(f"{folder}, in which workers share their metrics, is not a folder of ours alone.")
    return folder


def remove_old_folders() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        files = [*folder.glob("*"), folder]
        newest = max((file.lstat().st_mtime for file in files if file.exists()), default=0.0)
        if utc_now().timestamp() - newest > OLD_SECONDS and folder.stat().st_uid == os.getuid():
            shutil.rmtree(folder, ignore_errors=True)


class MetricsPort:
    """Serves the metrics on a port of their own. Of several workers one does: each of them has the numbers of all."""

    def __init__(self, recorder: "PrometheusRecorder", host: str, port: int) -> None:
        self._recorder = recorder
        self._address = (host, port)
        self._server: WSGIServer | None = None

    def open(self) -> None:
        """SettingsError if the port cannot be had, unless another worker of ours may have it."""
        from prometheus_client import start_http_server

        host, port = self._address
        try:
            self._server, _ = start_http_server(port, host, self._recorder.exposed)
        except OSError as error:
            if not self._recorder.is_shared or error.errno != errno.EADDRINUSE:
                raise SettingsError(f"METRICS_PORT: {host}:{port}: {error.strerror or error}.") from error
        else:
            log.info("metrics are served", host=host, port=port)

    async def run(self) -> None:
        """Take the port over from a worker that is gone, until cancelled."""
        try:
            while True:
                await asyncio.sleep(RETRY_SECONDS)
                if self._server is None:
                    self.open()
        finally:
            if self._server is not None:
                server = self._server
                await asyncio.to_thread(server.shutdown)
                server.server_close()

# cluster.py -- workers as real processes, each of which may be killed, paused or terminated at any moment.
import random
import signal
import time
from contextlib import ExitStack
from pathlib import Path

from support.processes.server_process import Process, forked

LEASE = 1.0
WORKERS = 3


class Cluster:
    """The workers, each of which may be gone or paused at any moment."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.folder = folder
        self.settings = settings
        self.stack = ExitStack()
        self.workers: list[Process] = [self.start() for _ in range(WORKERS)]

    def start(self) -> Process:
        worker = self.stack.enter_context(forked(self.folder, **self.settings))
        return worker.ready()

    def url(self, dice: random.Random) -> str:
        return dice.choice(self.workers).base_url

    def fault(self, kind: str, dice: random.Random) -> None:
        place = dice.randrange(WORKERS)
        worker = self.workers[place]
        if kind == "kill":
            worker.process.kill()
        elif kind == "terminate":
            worker.process.send_signal(signal.SIGTERM)
        elif kind == "pause":
            worker.process.send_signal(signal.SIGSTOP)
            time.sleep(LEASE * 1.5)
            worker.process.send_signal(signal.SIGCONT)
            return
        worker.process.wait(timeout=15)
        self.workers[place] = self.start()

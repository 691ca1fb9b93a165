# keep.py -- runs a program of others for as long as whoever asked for it is there: python -m bench.chat.keep COMMAND.
"""Prints the number of its process. The program is ended when standard input ends, so it never outlives the benchmark,
however that ends.
"""

import os
import subprocess
import sys
import threading

PATIENCE = 5


def keep(command: list[str]) -> int:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as process:

        def end_with_parent() -> None:
            sys.stdin.read()
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()

        threading.Thread(target=end_with_parent, daemon=True).start()
        print(process.pid, flush=True)
        return process.wait()


if __name__ == "__main__":
    sys.exit(keep(sys.argv[1:]))

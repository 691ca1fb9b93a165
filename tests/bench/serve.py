# serve.py -- one contender as a server process: python -m bench.serve NAME.
"""Prints its port, and ends when its standard input does: so it never outlives whoever started it."""

import os
import socket
import sys
import threading
from importlib import import_module

import uvicorn


def serve(name: str) -> None:
    app = import_module(f"bench.contenders.{name}").create_app(
        os.environ["BENCH_DATABASE_URL"], os.environ["BENCH_KEY"]
    )
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)

    def end_with_parent() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=end_with_parent, daemon=True).start()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        print(listener.getsockname()[1], flush=True)
        server.run(sockets=[listener])


if __name__ == "__main__":
    serve(sys.argv[1])

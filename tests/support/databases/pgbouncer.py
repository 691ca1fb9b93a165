# support/databases/pgbouncer.py -- a real PgBouncer in transaction mode before a PostgreSQL, where it is installed.
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.processes.server_programs import Account, find_free_port
from support.servers import wait_until

# So few that clients share them all the time.
SERVERS = 4


@contextmanager
def pgbouncer(folder: Path, url: str) -> Iterator[str]:
    """The URL of the same database by way of the pooler; the test is skipped where the program is missing."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("no PgBouncer")
    given, port = urlsplit(url), find_free_port()
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"""[databases]
* = host={given.hostname} port={given.port} user={given.username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {SERVERS}
max_client_conn = 500
"""
    )
    account = Account()
    if os.geteuid() == 0:  # as which it refuses to run
        nobody = pwd.getpwnam("nobody")
        account = Account(user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=())
    with (folder / "pgbouncer.log").open("wb") as log, settings.open("rb") as read:
        # Its folder may be closed to whom it runs as, so it gets the file already open.
        command = [program, "-q", f"/dev/fd/{read.fileno()}"]
        process = subprocess.Popen(
            command, cwd="/", stdout=log, stderr=log, pass_fds=[read.fileno()], **account
        )
    try:
        wait_until(lambda: answers(port) or process.poll() is not None)
        assert process.poll() is None, (folder / "pgbouncer.log").read_text()
        yield given._replace(netloc=f"{given.username}@127.0.0.1:{port}").geturl()
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

# refusals.py -- how long a sign-in is refused for, by what is known of the email.
"""Run it with `python tests/bench/refusals.py`. A wrong password for an account with an argon2 hash, for accounts with
bcrypt hashes of several costs and for an email that nobody has, in turns, against a real server; the medians of each,
in milliseconds of the clock and of the processor, and how far the medians of the processor lie apart.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "backend"), str(ROOT / "tests")]

import bcrypt
from sqlmodel import col, update

from db import Transaction
from models import User
from support.servers import PASSWORD, Server, in_database, serving, settings_for

COSTS = (10, 12)


def emails(server: Server, old: bool) -> dict[str, str]:
    found = {"argon2": server.register(), "nobody": "nobody@example.com"}
    for cost in COSTS if old else ():
        email = found[f"bcrypt {cost}"] = server.register()
        stored = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(cost)).decode()

        async def put(tx: Transaction, email: str = email, stored: str = stored) -> None:
            await tx.execute(update(User).where(col(User.email) == email).values(password_hash=stored))

        in_database(server, put)
    return found


def measure(times: int, old: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, serving(settings_for(f"sqlite:///{folder}/x.db")) as server:
        known = emails(server, old)
        clock: dict[str, list[float]] = {kind: [] for kind in known}
        processor: dict[str, list[float]] = {kind: [] for kind in known}
        client = server.client()
        for _ in range(times):
            for kind, email in known.items():
                began, worked = time.perf_counter(), time.process_time()
                answer = client.post(
                    "/v1/auth/token", data={"username": email, "password": "wrong " + PASSWORD}
                )
                clock[kind].append((time.perf_counter() - began) * 1000)
                processor[kind].append((time.process_time() - worked) * 1000)
                assert answer.status_code == 401
    medians = {kind: statistics.median(taken) for kind, taken in processor.items()}
    for kind, taken in clock.items():
        print(f"{kind:>10}  clock {statistics.median(taken):7.1f} ms  processor {medians[kind]:7.1f} ms")
    print(f"furthest apart: {max(medians.values()) / min(medians.values()) - 1:.1%}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    given = parser.parse_args()
    for old in (True, False):
        print(f"with{'' if old else 'out'} hashes of former days")
        measure(given.times, old)

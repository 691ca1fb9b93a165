# run.py -- `make chaos`: many faults, and how often the books were wrong; ends with 1 where they were.
"""Run it with `make chaos`, or `python tests/chaos/run.py --faults 200 --seed 7`."""

import argparse
import random
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    sys.path[:1] = [str(TESTS), str(TESTS.parent / "backend")]
    from chaos.chaos import run_chaos

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument(
        "--crashes", action="store_true", help="crash the database, too, on a server of its own"
    )
    chosen = parser.parse_args()
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(10**6)
    print(
        f"seed {seed} (again: python tests/chaos/run.py --faults {chosen.faults} --seed {seed})", flush=True
    )
    counts, books = run_chaos(chosen.faults, seed, crashes=chosen.crashes)
    print(f"\n{sum(books.faults.values())} faults: {dict(books.faults)}; {len(books.acknowledged)} messages")
    posted = sum(map(len, books.group.posted.values()))
    marked = sum(map(len, books.group.marked.values()))
    print(f"In a group: {posted} messages, {marked} marks, {books.group.removals} removals")
    for what, count in counts.items():
        print(f"{count:6} {what}")
    for error, count in books.errors.items():
        print(f"{count:6} runs failed with: {error}")
    for error, count in books.logged.items():
        print(f"{count:6} times in the logs: {error}")
    for trouble in books.troubles:
        print(trouble)
    sys.exit(1 if any(counts.values()) else 0)

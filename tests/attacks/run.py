# run.py -- `make attack`: every attack in full; ends with 1 where the server did not hold.
"""Run it with `make attack`, or `python tests/attacks/run.py [--database URL]`. It takes a few minutes."""

import argparse
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    sys.path[:1] = [str(TESTS), str(TESTS.parent / "backend")]
    from attacks.attack import attack_all

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="the database's URL; without it a new SQLite file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        troubles = attack_all(Path(folder), arguments.database or f"sqlite:///{folder}/parley.db")
    for trouble in troubles:
        print(f"DID NOT HOLD: {trouble}")
    sys.exit(bool(troubles))

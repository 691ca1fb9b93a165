# run.py -- `make bench`: Parley beside three other ways to write the same endpoints.
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    sys.path[:1] = [str(TESTS), str(TESTS.parent / "backend")]
    from bench.measure import main

    sys.exit(main())

# run.py -- `make brain`: how well the offline model understands the sentences of a file, as one table.
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    sys.path[:1] = [str(TESTS), str(TESTS.parent / "backend")]
    from brain.score import main

    main(sys.argv[1:])

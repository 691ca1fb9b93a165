# support/typed_share.py -- prints how many expressions of backend/ have a type, by mypy's report; fails below a floor.
import sys
from pathlib import Path

FLOOR = 98.5


def main(report: Path) -> int:
    """`report` is the any-exprs.txt of `mypy --any-exprs-report`; its last line has the totals."""
    _, untyped, expressions, _ = report.read_text().splitlines()[-1].split()
    share = 100 * (1 - int(untyped) / int(expressions))
    print(f"{share:.2f} % of {int(expressions):,} expressions are typed (floor: {FLOOR} %)")
    return int(share < FLOOR)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

# table.py -- what was measured, as one table.
import os
import platform
from collections.abc import Container, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from bench.load import Round

COLUMNS = ("scenario", "contender", "requests/s", "p50 ms", "p99 ms", "Parley's ratio", "aim", "reached")


@dataclass(frozen=True, slots=True)
class Result:
    """The rounds of each contender in one scenario; `aims` is how many times as fast Parley wants to be."""

    scenario: str
    rounds: dict[str, list[Round]]
    aims: dict[str, float]

    def rate(self, name: str) -> float:
        return median(each.rate for each in self.rounds[name])

    def latency(self, name: str, percent: int) -> float:
        """In milliseconds, over all rounds."""
        latencies = [latency for each in self.rounds[name] for latency in each.latencies]
        return quantiles(latencies, n=100, method="inclusive")[percent - 1] * 1000

    def describe_tail(self, name: str) -> str:
        return f"{self.latency(name, 99) / self.latency(name, 50):.1f} times (aim: 4)"

    def ratio(self, name: str) -> float:
        """Parley's requests per second by the contender's: the median over rounds that ran side by side."""
        pairs = zip(self.rounds["parley"], self.rounds[name], strict=True)
        return median(ours.rate / theirs.rate for ours, theirs in pairs)


def verdict(reached: bool) -> str:
    return "yes" if reached else "NO"


def print_table(
    results: list[Result], figures: list[tuple[str, str]], conditions: str, *, judged: bool
) -> None:
    """`figures` are Parley's own, with nobody beside it."""
    rows = [COLUMNS]
    for result in results:
        for name in result.rounds:
            row = [result.scenario, name, f"{result.rate(name):,.0f}"]
            row += [f"{result.latency(name, percent):.1f}" for percent in (50, 99)]
            aim = result.aims.get(name)
            if aim is None:
                row += ["", "", ""]
            else:
                ratio = result.ratio(name)
                row += [f"{ratio:.2f}", f"at least {aim:g}", verdict(ratio >= aim) if judged else ""]
            rows.append(tuple(row))
    print_rows(rows, range(2, 6))
    print()
    print_rows(figures, ())
    print(f"\n{describe_machine()}, {conditions}, one worker each")


def print_rows(rows: Sequence[Sequence[str]], right: Container[int]) -> None:
    """Columns under each other; those whose numbers are in `right` end under each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def describe_machine() -> str:
    return f"{os.cpu_count()} cores, Python {platform.python_version()}"

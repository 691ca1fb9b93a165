# report.py -- what came of the comparison, as one table.
from dataclasses import dataclass
from statistics import median, quantiles

from bench.chat.rounds import Round
from bench.table import describe_machine, print_rows, verdict

COLUMNS = (
    "conversation",
    "server",
    "messages/s",
    "server ms each",
    "database ms each",
    "p50 ms",
    "p99 ms to the last member",
)
# What Parley wants to reach beside Synapse: so many times its messages a second, such a part of its processor.
RATE_AIM, PROCESSOR_AIM = 5.0, 0.2


@dataclass(frozen=True, slots=True)
class Result:
    """The rounds of each server; with `is_full`, the writers sent as fast as they were answered."""

    name: str
    is_full: bool
    rounds: dict[str, list[Round]]

    def row(self, side: str) -> tuple[str, ...]:
        rounds = self.rounds[side]
        delays = [delay * 1000 for each in rounds for delay in each.delays]
        cuts = quantiles(delays, n=100, method="inclusive")
        return (
            self.name,
            side,
            f"{median(each.rate for each in rounds):,.1f}",
            f"{median(each.server for each in rounds) * 1000:.2f}",
            f"{median(each.database for each in rounds) * 1000:.2f}",
            f"{cuts[49]:,.0f}",
            f"{cuts[98]:,.0f}",
        )

    def compare(self, judged: bool) -> list[tuple[str, str]]:
        """Parley's figures by Synapse's, each the median over rounds that were neighbours."""
        pairs = list(zip(self.rounds["parley"], self.rounds["synapse"], strict=True))
        rate = median(ours.rate / theirs.rate for ours, theirs in pairs)
        server = median(ours.server / theirs.server for ours, theirs in pairs)
        both = median(
            (ours.server + ours.database) / (theirs.server + theirs.database) for ours, theirs in pairs
        )
        slowest = median(ours.slowest / theirs.slowest for ours, theirs in pairs)
        rows = []
        if self.is_full:
            aim = describe_aim(f"at least {RATE_AIM:g}", rate >= RATE_AIM, judged)
            rows.append((f"{self.name}: messages a second", f"{rate:.2f} times Synapse's {aim}"))
        aim = describe_aim(f"at most {PROCESSOR_AIM:g}", server <= PROCESSOR_AIM, judged)
        return [
            *rows,
            (f"{self.name}: the server's processor", f"{server:.3f} of Synapse's {aim}"),
            (f"{self.name}: with the database's", f"{both:.3f} of Synapse's"),
            (f"{self.name}: p99 to the last member", f"{slowest:.3f} of Synapse's"),
        ]


def describe_aim(aim: str, reached: bool, judged: bool) -> str:
    return f"(aim: {aim}; reached: {verdict(reached)})" if judged else f"(aim: {aim})"


def print_report(results: list[Result], memory: dict[str, float], conditions: str, *, judged: bool) -> None:
    rows = [result.row(side) for result in results for side in result.rounds]
    print_rows([COLUMNS, *rows], range(2, len(COLUMNS)))
    print()
    figures = [figure for result in results for figure in result.compare(judged)]
    figures += [
        (f"memory of a member who listens: {side}", f"{size / 1024:.0f} KiB") for side, size in memory.items()
    ]
    print_rows(figures, ())
    print(f"\n{describe_machine()}, {conditions}")

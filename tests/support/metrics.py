# support/metrics.py -- the metrics of a server of the tests, and how they have grown.
from prometheus_client.parser import text_string_to_metric_families

from support.servers import Server

TOKEN = "a token of the operator's"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def parse(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def read_samples(server: Server) -> Samples:
    answer = server.client(Authorization=f"Bearer {TOKEN}").get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    return parse(answer.text)


class Meter:
    """What was counted since it was made: other tests of this process count in the same numbers."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.before = read_samples(server)

    def grown(self, name: str) -> dict[tuple[str, ...], float]:
        """By the values of the labels, in the order of their names."""
        now = read_samples(self.server)
        return {
            tuple(value for _, value in labels): count - self.before.get((found, labels), 0)
            for (found, labels), count in now.items()
            if found == name and count != self.before.get((found, labels), 0)
        }

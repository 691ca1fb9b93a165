# report.py -- what the attacks cost, as tables.
from collections.abc import Iterable

from attacks.grower import Sample

WORST = 10


def print_worst(samples: Iterable[Sample]) -> None:
    """The ten requests that cost most of the server's processor, and the ten that a bystander waited for longest."""
    samples = list(samples)
    for title, key in (
        ("by the server's processor", lambda sample: sample.processor),
        ("by the bystander's wait", lambda sample: sample.waited),
    ):
        print(f"\nthe {WORST} worst of {len(samples):,} requests {title}, in seconds of processor")
        for sample in sorted(samples, key=key, reverse=True)[:WORST]:
            print(f"{sample.processor:7.2f} {sample.waited:7.2f}  {sample.status:3}  {sample}")

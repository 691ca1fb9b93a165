# attack.py -- all attacks, one after the other, and what counts as not holding.
import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from attacks.abuses import (
    ABUSES,
    HALF_BODIES,
    HALF_HEADS,
    HANG_UPS,
    SLOW_HEADS,
    Outcome,
    hang_up_on,
    hold_half_sent,
    json_request,
    never_reading,
)
from attacks.grower import TEXTS, Grower, Sample
from attacks.places import MCP_HEADERS, Place
from attacks.report import print_worst
from attacks.victim import Bystander, Victim, attacked
from support.servers import Person, ok, wait_until

MOST_WAIT = 1.0  # seconds of processor that a bystander may wait
# Bytes that may stay when an attack is over: SQLite keeps up to 2 MB of pages for each connection of the pool, and an
# export runs most of the statements that there are, whose texts are kept. Both are taken once, some 25 MB in all.
MOST_MEMORY = 60 * 1024 * 1024
SETTLE_SECONDS = 15.0


@dataclass(frozen=True)
class Scale:
    """How much of everything: `make test` takes little, `make attack` all."""

    texts: tuple[str, ...]
    start: int
    flood_bytes: int
    connections: int
    hang_ups: int
    half_bodies: bool


LITTLE = Scale(("one long word", "dashes"), 100_000, 20_000_000, 20, 10, half_bodies=False)
ALL = Scale(tuple(TEXTS), 10, 20_000_000, 120, 100, half_bodies=True)


class Attack:
    """One server, attacked in turn in every way; `troubles` says what did not hold."""

    def __init__(self, victim: Victim, bystander: Bystander, scale: Scale) -> None:
        self.victim = victim
        self.bystander = bystander
        self.scale = scale
        self.person: Person = victim.person("attacker")
        self.troubles: list[str] = []

    def grow_everything(self) -> list[Sample]:
        grower = Grower(self.victim, self.bystander)
        samples: list[Sample] = []
        self.ask_mcp()  # what its server needs is imported at the first call, and stays
        memory = self.victim.memory_bytes()
        for place in sorted(grower.document.places(), key=ends_session):
            for sample in grower.grow(place, self.scale.texts, self.scale.start):
                samples.append(sample)
                if sample.status >= 500:
                    self.troubles.append(f"{sample.status} for {sample}")
                if sample.waited > MOST_WAIT:
                    self.troubles.append(
                        f"a bystander waited {sample.waited:.1f} s of processor during {sample}"
                    )
        self._expect_memory("growing everything", memory)
        return samples

    def ask_mcp(self) -> None:
        token = self.person.post("/v1/me/tokens", name="attack", scopes=["read"])["token"]
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        with self.victim.client(Authorization=f"Bearer {token}", **MCP_HEADERS) as http:
            ok(http.post("/mcp", json=call))

    def flood(self) -> None:
        for name, abuse in ABUSES.items():
            outcome = self._watched(
                name, lambda abuse=abuse: abuse(self.victim, self.person, self.scale.flood_bytes)
            )  # type: ignore[misc]
            if outcome.left_open:
                self.troubles.append(f"{name}: the connection stays open")

    def hold_half_sent(self) -> None:
        kinds = {
            "heads that end half-way": (HALF_HEADS, 20.0, b""),
            "heads that come a byte at a time": (SLOW_HEADS, 20.0, b"a"),
        }
        if self.scale.half_bodies:
            kinds["bodies that end half-way"] = (HALF_BODIES, 45.0, b"")
        for name, (beginnings, seconds, drip) in kinds.items():
            outcome = self._watched(
                name,
                lambda beginnings=beginnings, seconds=seconds, drip=drip: hold_half_sent(  # type: ignore[misc]
                    self.victim, beginnings, self.scale.connections, seconds, drip
                ),
            )
            if outcome.left_open:
                self.troubles.append(f"{name}: {outcome.left_open} connections stay open")

    def hang_up(self) -> None:
        for number in range(200):
            self.person.post("/v1/tasks", title=f"task {number}", description="a" * 2000)
        for name, ask in HANG_UPS.items():
            request, read_bytes = ask(self.person)
            self._watched(
                f"hung up on: {name}",
                lambda request=request, read_bytes=read_bytes: hang_up_on(  # type: ignore[misc]
                    self.victim, request, self.scale.hang_ups, read_bytes
                ),
            )

    def read_nothing(self) -> None:
        """Streams that nobody reads while much happens: they are hung up on, and keep no memory."""
        memory = self.victim.memory_bytes()
        stream = json_request("GET", "/v1/events/stream", self.person)
        with never_reading(self.victim, stream, min(10, self.scale.connections)):
            for number in range(100):
                self.person.post("/v1/tasks", title=f"event {number}", description="b" * 9000)
        self._expect_memory("streams that nobody reads", memory)

    def _watched(self, name: str, abuse: Callable[[], Awaitable[Outcome]]) -> Outcome:
        memory = self.victim.memory_bytes()
        self.bystander.take_worst_wait()

        async def run() -> Outcome:
            return await abuse()

        began, spent = time.monotonic(), self.victim.processor_seconds()
        outcome = asyncio.run(run())
        spent = self.victim.processor_seconds() - spent
        waited = self.bystander.take_worst_wait()
        self._expect_memory(name, memory)
        grown = (self.victim.memory_bytes() - memory) / 1e6
        statuses = sorted(set(outcome.statuses)) or "no answer"
        print(
            f"{name:45} {spent:6.2f} s of processor, {time.monotonic() - began:6.1f} s in all, bystander "
            f"{waited:5.2f}, {grown:+6.1f} MB, closed {outcome.closed}, open {outcome.left_open}, {statuses}"
        )
        self.troubles += [f"{name}: answered {status}" for status in outcome.statuses if 500 <= status != 503]
        if waited > MOST_WAIT:
            self.troubles.append(f"{name}: a bystander waited {waited:.1f} s of processor")
        return outcome

    def _expect_memory(self, name: str, before: int) -> None:
        """What was taken is given back, within a while."""
        try:
            wait_until(lambda: self.victim.memory_bytes() - before < MOST_MEMORY, SETTLE_SECONDS)
        except AssertionError:
            grown = self.victim.memory_bytes() - before
            self.troubles.append(f"{name}: {grown / 1e6:.0f} MB of memory stay")

    def end(self) -> None:
        """The server still is whole, and the bystander never got anything but its profile."""
        self.troubles += [f"a bystander got {failure}" for failure in self.bystander.failures[:5]]
        log = self.victim.process.said()
        if "Traceback" in log:
            self.troubles.append(f"the log holds a traceback: {log[log.index('Traceback') :][:2000]}")


def ends_session(place: Place) -> bool:
    """What ends the attacker's own sign-in or account comes last."""
    return place.operation.path.startswith(("/v1/me", "/v1/auth", "/v1/web/session"))


def attack_all(folder: Path, database_url: str, scale: Scale = ALL, **settings: str) -> list[str]:
    """Run every attack; what did not hold, one sentence each."""
    with attacked(folder, database_url, **settings) as (victim, bystander):
        attack = Attack(victim, bystander, scale)
        samples: Iterable[Sample] = attack.grow_everything()
        print_worst(samples)
        print()
        attack.flood()
        attack.hang_up()
        attack.read_nothing()
        attack.hold_half_sent()
        attack.end()
        print(f"\nthe bystander got {bystander.answers:,} answers")
        return attack.troubles

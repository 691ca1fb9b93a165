# sampling.py -- what is true of a worker at the moment, for its metrics; it is looked at every few seconds.
import asyncio
import time

from access import SYSTEM
from app_state import AppState
from errors import DatabaseBusy
from failure_causes import log_failure
from metrics.recorder import Sample, get_recorder
from server.connection_limits import ConnectionLimits
from services.run_counts import RunCounts, count_active_runs

# How many samples there are between two looks at the database.
SAMPLES_A_LOOK = 3


class Sampler:
    def __init__(self, state: AppState, gate: ConnectionLimits) -> None:
        self._state = state
        self._gate = gate

    async def run(self) -> None:
        """Until cancelled."""
        number = 0
        while True:
            try:
                get_recorder().note_sample(await self.take_sample(look=number % SAMPLES_A_LOOK == 0))
            except Exception as error:
                log_failure("taking a sample for the metrics failed", error)
            number += 1
            await asyncio.sleep(self._state.timings.metrics_sample)

    async def take_sample(self, *, look: bool) -> Sample:
        """With `look` at the database too."""
        state = self._state
        pools = state.db.count_connections()
        counts = await self._count_runs() if look else None
        return Sample(
            runs_at_work=state.worker.count_runs(),
            streams=state.open_streams.count_readers(),
            connections=len(self._gate.open),
            pool_in_use={name: used for name, (used, _) in pools.items()},
            pool_size={name: size for name, (_, size) in pools.items()},
            log_behind=state.open_streams.log_behind,
            processor_seconds=time.process_time(),
            runs=counts.by_status if counts else None,
            oldest_run_seconds=counts.oldest_seconds if counts else None,
        )

    async def _count_runs(self) -> RunCounts | None:
        """None while the database is away: the rest of the sample says so."""
        try:
            return await self._state.db.read(count_active_runs, SYSTEM)
        except DatabaseBusy:
            return None

# test_chaos.py -- a short round of chaos in every test run; `make chaos` is the long one.
import pytest

from chaos.chaos import run_chaos
from support.databases.postgres import PostgresServer

pytestmark = pytest.mark.slow

FAULTS = 20
SEED = 1


def test_kills_pauses_terminations_and_cuts_lose_and_double_nothing(postgres: PostgresServer) -> None:
    counts, books = run_chaos(FAULTS, SEED)
    assert len(books.acknowledged) > FAULTS
    assert min(map(len, books.group.posted.values())) > 0
    assert books.group.removals > 0
    assert counts == dict.fromkeys(counts, 0), f"seed {SEED}: {books.troubles}"

# parley.py -- the contender that this is about: Parley as it is served.
from fastapi import FastAPI

from bench.contenders.pool import POOL_SIZE
from main import create_app as create_parley
from settings import Settings


def create_app(database_url: str, key: str, **more: str) -> FastAPI:
    values = {"database_url": database_url, "secret_key": key, "database_pool_size": POOL_SIZE}
    # More streams than one network and one user usually open.
    room = {
        "max_connections": 5_000,
        "max_connections_per_address": 5_000,
        "streams_per_worker": 5_000,
        "streams_per_user": 500,
        "streams_per_session": 500,
    }
    return create_parley(
        Settings(_env_file=None, rate_limits="off", log_level="error", **values, **room, **more)
    )

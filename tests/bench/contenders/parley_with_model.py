# parley_with_model.py -- Parley as it is served, with a model behind the chat completions API.
import os

from fastapi import FastAPI

from main import create_app as create_parley
from settings import Settings


def create_app(database_url: str, key: str) -> FastAPI:
    return create_parley(
        Settings(
            _env_file=None,
            database_url=database_url,
            secret_key=key,
            rate_limits="off",
            log_level="error",
            model="openai:m",
            model_base_url=os.environ["BENCH_MODEL_URL"],
            model_api_key="key",
            runs_per_user=1_000,
            runs_per_worker=1_000,
            streams_per_user=1_000,
            streams_per_session=1_000,
            max_connections_per_address=5_000,
        )
    )

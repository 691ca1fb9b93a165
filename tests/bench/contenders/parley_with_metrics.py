# parley_with_metrics.py -- Parley that counts for Prometheus, beside the one that does not.
from fastapi import FastAPI

from bench.contenders import parley


def create_app(database_url: str, key: str) -> FastAPI:
    return parley.create_app(database_url, key, metrics_token="read-by-nobody-here")

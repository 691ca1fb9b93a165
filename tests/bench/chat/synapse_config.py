# synapse_config.py -- the configuration of a Synapse that does nothing but rooms of its own people.
"""Other servers, presence, previews, reports and metrics are off, because Parley has nothing like them; the rate limits
are so high that none is met. YAML takes the JSON that this is written as.
"""

import base64
import secrets
from typing import Any

from sqlalchemy.engine import make_url

from bench.contenders.pool import POOL_SIZE

SERVER_NAME = "bench.invalid"
WORKER_NAME = "second"
UNLIMITED = {"per_second": 1_000_000, "burst_count": 1_000_000}
LIMITS: dict[str, Any] = {
    "rc_message": UNLIMITED,
    "rc_registration": UNLIMITED,
    "rc_login": {"address": UNLIMITED, "account": UNLIMITED, "failed_attempts": UNLIMITED},
    "rc_joins": {"local": UNLIMITED, "remote": UNLIMITED},
    "rc_joins_per_room": UNLIMITED,
    "rc_invites": {"per_room": UNLIMITED, "per_user": UNLIMITED, "per_issuer": UNLIMITED},
    "rc_room_creation": UNLIMITED,
}
TURNED_OFF: dict[str, Any] = {
    "presence": {"enabled": False},
    "trusted_key_servers": [],
    "federation_domain_whitelist": [],
    "url_preview_enabled": False,
    "report_stats": False,
    "enable_metrics": False,
}


def configure(database_url: str, folder: str, secret: str, port: int) -> dict[str, Any]:
    """Of a server that is one process."""
    database = make_url(database_url)
    seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    arguments = {
        "dbname": database.database,
        "user": database.username,
        "password": database.password,
        "host": database.host,
        "port": database.port,
        "cp_min": POOL_SIZE,
        "cp_max": POOL_SIZE,
    }
    return {
        "server_name": SERVER_NAME,
        "listeners": [listen(port, "client")],
        "database": {"name": "psycopg2", "args": arguments},
        "signing_key": f"ed25519 a_bench {seed}",
        "macaroon_secret_key": secrets.token_hex(),
        "form_secret": secrets.token_hex(),
        "registration_shared_secret": secret,
        "bcrypt_rounds": 4,
        "media_store_path": f"{folder}/media",
        "pid_file": f"{folder}/pid",
        "log_config": f"{folder}/log.json",
        "caches": {"global_factor": 2.0},
        **LIMITS,
        **TURNED_OFF,
    }


def configure_workers(main: dict[str, Any], redis_port: int, replication_port: int, port: int) -> Any:
    """What a second process changes in the configuration of both, and what only the second one is told."""
    shared = {
        **main,
        "listeners": [*main["listeners"], listen(replication_port, "replication")],
        "redis": {"enabled": True, "host": "127.0.0.1", "port": redis_port},
        "instance_map": {"main": {"host": "127.0.0.1", "port": replication_port}},
        "worker_replication_secret": secrets.token_hex(),
    }
    worker = {
        "worker_app": "synapse.app.generic_worker",
        "worker_name": WORKER_NAME,
        "worker_listeners": [listen(port, "client")],
        "worker_log_config": main["log_config"],
    }
    return shared, worker


def configure_logs(folder: str) -> dict[str, Any]:
    file = {"class": "logging.FileHandler", "filename": f"{folder}/log"}
    return {"version": 1, "handlers": {"file": file}, "root": {"level": "ERROR", "handlers": ["file"]}}


def listen(port: int, resource: str) -> dict[str, Any]:
    return {
        "port": port,
        "type": "http",
        "tls": False,
        "bind_addresses": ["127.0.0.1"],
        "resources": [{"names": [resource]}],
    }

# app_state.py -- what lives as long as the app, and how it is built from the settings.
import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from agent.context import AgentContext
from agent.run_control import RunControl
from agent.run_limits import RunLimits
from agent.worker import Worker
from db import Database
from identity.api_tokens import ApiTokenCache
from identity.auth import SignInContext
from identity.oauth.documents import ClientDocuments
from identity.rate_limits import RateLimiter
from identity.sessions import SessionCache
from llm.protocol import Model
from security import JwtSigner
from server.health import DatabaseProbe
from server.known_ids import SharedConversations
from settings import Settings
from storage.engines import open_engine
from storage.timeouts import UNHURRIED, make_request_limits
from streaming.concurrency_limits import SearchSlots, StreamLimits, StreamSlots, TransferSlots
from streaming.notifier import LOG, Notifier
from streaming.open_streams import OpenStreams
from timings import Timings

if TYPE_CHECKING:
    from queries.databases import QueryDatabases


@dataclass(frozen=True, slots=True)
class AppState:
    """On `app.state.parley` from startup on; a route gets it as AppStateDep."""

    settings: Settings
    timings: Timings
    db: Database
    jwt: JwtSigner
    auth: SignInContext
    session_cache: SessionCache
    api_token_cache: ApiTokenCache
    client_documents: ClientDocuments
    notifier: Notifier
    open_streams: OpenStreams
    database_probe: DatabaseProbe
    worker: Worker
    run_control: RunControl
    stream_slots: StreamSlots
    search_slots: SearchSlots
    transfer_slots: TransferSlots
    shared_conversations: SharedConversations


def read_run_limits(settings: Settings) -> RunLimits:
    return RunLimits(
        context_tokens=settings.context_tokens,
        seconds=settings.run_seconds,
        model_requests=settings.run_model_requests,
        tool_calls=settings.run_tool_calls,
        tokens=settings.run_tokens,
        answer_bytes=settings.run_answer_bytes,
        lease_seconds=settings.run_lease_seconds,
        approval_seconds=settings.approval_minutes * 60,
    )


def open_database(settings: Settings) -> Database:
    url, size = settings.database_url.get_secret_value(), settings.database_pool_size
    return Database(
        open_engine(url, pool_size=size, limits=make_request_limits(settings.database_seconds)),
        unhurried=open_engine(url, pool_size=1, limits=UNHURRIED),
        readers=size,
        event_retention=timedelta(days=settings.event_retention_days),
    )


def open_query_databases(settings: Settings) -> "QueryDatabases | None":
    """Imported only where there are some: what reads SQL takes a while. SettingsError for a wrong URL."""
    entries = settings.query_databases.get_secret_value()
    if not entries:
        return None
    from queries.databases import QueryDatabases

    return QueryDatabases(entries)


def open_worker(
    settings: Settings,
    timings: Timings,
    db: Database,
    notifier: Notifier,
    model: Model,
    more_models: Mapping[str, Model],
) -> Worker:
    # Runs share half of the connections, so that requests find one whatever the runs do.
    gate = asyncio.Semaphore(max(1, settings.database_pool_size // 2))
    return Worker(
        AgentContext(
            db,
            notifier,
            model,
            read_run_limits(settings),
            settings.model_prices,
            more_models,
            databases=open_query_databases(settings),
            gate=gate,
        ),
        settings.run_log_retention_days,
        settings.runs_per_worker,
        timings.worker_poll,
    )


def build_app_state(
    settings: Settings, timings: Timings, model: Model, more_models: Mapping[str, Model] | None = None
) -> AppState:
    db = open_database(settings)
    jwt = JwtSigner(settings.signing_key(), timedelta(minutes=settings.access_token_minutes))
    limits = RateLimiter(db, enabled=settings.rate_limits == "on")
    notifier = Notifier()
    worker = open_worker(settings, timings, db, notifier, model, more_models or {})
    db.notify_log = lambda: notifier.notify(LOG)
    return AppState(
        settings=settings,
        timings=timings,
        db=db,
        jwt=jwt,
        auth=SignInContext(db, jwt, limits, timedelta(days=settings.refresh_token_days)),
        session_cache=SessionCache(db),
        api_token_cache=ApiTokenCache(db),
        client_documents=ClientDocuments(),
        notifier=notifier,
        open_streams=OpenStreams(db, notifier, timings, worker.context.live_runs),
        database_probe=DatabaseProbe(db),
        worker=worker,
        run_control=RunControl(db, notifier, worker, settings.runs_per_user),
        stream_slots=StreamSlots(
            StreamLimits(settings.streams_per_session, settings.streams_per_user, settings.streams_per_worker)
        ),
        search_slots=SearchSlots(timings.search_wait),
        transfer_slots=TransferSlots(timings.search_wait),
        shared_conversations=SharedConversations(),
    )

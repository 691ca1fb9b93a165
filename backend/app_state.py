# app_state.py -- what lives as long as the app, and how it is built from the settings.
import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from agent.context import Assistant
from agent.context import Limits as RunLimits
from agent.worker import Worker
from db import Database
from llm.protocol import Model
from security import JwtSigner
from services.health import DatabaseProbe
from services.identity.api_tokens import ApiTokenCache
from services.identity.auth import SignInContext
from services.identity.rate_limits import RateLimiter
from services.identity.sessions import SessionCache
from settings import Settings, SettingsError
from storage.engines import UNHURRIED, engine_url, is_pooled, limits_of, open_engine
from streaming.concurrency_limits import SearchSlots, StreamLimits, StreamSlots
from streaming.notifier import Notifier
from streaming.open_streams import OpenStreams

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AppState:
    """Everything that lives as long as the app; on `app.state.parley` from startup on."""

    settings: Settings
    db: Database
    jwt: JwtSigner
    auth: SignInContext
    session_cache: SessionCache
    api_token_cache: ApiTokenCache
    notifier: Notifier
    streams: OpenStreams
    database_probe: DatabaseProbe
    worker: Worker
    stream_slots: StreamSlots
    search_slots: SearchSlots = field(default_factory=SearchSlots)


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
        open_engine(url, pool_size=size, limits=limits_of(settings.database_seconds)),
        unhurried=open_engine(url, pool_size=1, limits=UNHURRIED),
        readers=size,
    )


def build_app_state(settings: Settings, model: Model) -> AppState:
    db = open_database(settings)
    jwt = JwtSigner(settings.signing_key(), timedelta(minutes=settings.access_token_minutes))
    limits = RateLimiter(db, enabled=settings.rate_limits == "on")
    notifier = Notifier()
    db.committed = lambda user_ids: notifier.notify(*user_ids)
    return AppState(
        settings=settings,
        db=db,
        jwt=jwt,
        auth=SignInContext(db, jwt, limits, timedelta(days=settings.refresh_token_days)),
        session_cache=SessionCache(db),
        api_token_cache=ApiTokenCache(db),
        notifier=notifier,
        streams=OpenStreams(db, notifier),
        database_probe=DatabaseProbe(db),
        worker=Worker(
            Assistant(
                db,
                notifier,
                model,
                read_run_limits(settings),
                gate=asyncio.Semaphore(max(1, settings.database_pool_size // 2)),
            ),
            settings.run_events_days,
            settings.events_days,
            settings.runs_per_worker,
        ),
        stream_slots=StreamSlots(
            StreamLimits(settings.streams_per_session, settings.streams_per_user, settings.streams_per_worker)
        ),
    )


def find_listen_url(settings: Settings) -> str | None:
    """The URL for LISTEN and NOTIFY; None without PostgreSQL, or behind a pooler, which delivers no notification.

    Raises SettingsError for a URL that cannot be read.
    """
    url = settings.database_listen_url or settings.database_url
    try:
        backend = engine_url(url.get_secret_value())[0].get_backend_name()
    except SettingsError as error:
        if settings.database_listen_url is None:
            raise
        raise SettingsError(str(error).replace("DATABASE_URL", "DATABASE_LISTEN_URL")) from None
    if backend != "postgresql":
        return None
    if is_pooled(url.get_secret_value()):
        log.warning(
            "no notifications through a pooler: events of other workers come up to half a second late",
            remedy="set DATABASE_LISTEN_URL",
        )
        return None
    return url.get_secret_value()

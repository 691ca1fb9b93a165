# doctor/pooler.py -- whether a pooler in transaction mode stands before PostgreSQL, and whether notifications arrive.
import asyncio
from secrets import token_hex
from typing import TYPE_CHECKING

from doctor.findings import Finding, find_note, find_ok, find_wrong
from settings import Settings
from storage.engines import connect_for_listen, open_engine, uses_pooler
from storage.timeouts import TimeLimits

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

NOTIFICATION_SECONDS = 3.0
WAIT_SECONDS = 3.0
# So many other clients take the session that a pooler might give back to the first one by chance.
OTHERS = 4
SETTING = "parley.doctor"


async def check_pooler(settings: Settings) -> list[Finding]:
    url = settings.database_url.get_secret_value()
    said = uses_pooler(url)
    # Without prepared statements this works both ways.
    found = await loses_its_session(url)
    if found and not said:
        return [
            find_wrong(
                "pooler",
                "DATABASE_URL leads through a pooler in transaction mode, and Parley does not know",
                "DATABASE_POOLER=transaction",
            )
        ]
    if not said:
        return [find_ok("pooler", "none in transaction mode"), await check_notifications(settings, url)]
    if not found:
        first = find_note(
            "pooler", "DATABASE_POOLER says so, and there is none in transaction mode", "DATABASE_POOLER=none"
        )
    else:
        first = find_ok("pooler", "in transaction mode, and Parley knows")
    if settings.database_listen_url is None:
        why = "workers wake each other half a second late, and backups have no way"
        return [first, find_note("notifications", why, "set DATABASE_LISTEN_URL to the direct way")]
    return [first, await check_notifications(settings, settings.database_listen_url.get_secret_value())]


async def open_plain(url: str) -> "Connection":
    """A connection that prepares no statements, whatever the URL says."""
    engine = open_engine(url, pool_size=1, limits=TimeLimits())
    separator = "&" if "?" in url else "?"
    return await connect_for_listen(engine, url if uses_pooler(url) else f"{url}{separator}pgbouncer=true")


async def loses_its_session(url: str) -> bool:
    """Whether what a client sets for its session is gone while others are at work: then it has none of its own.

    Or it has to wait for the others to end, which no server asks of anybody.
    """
    connections = [await open_plain(url) for _ in range(OTHERS + 1)]
    try:
        first, *others = connections
        value = token_hex(8)
        await first.execute(f"SELECT set_config('{SETTING}', '{value}', false)")
        for other in others:
            async with asyncio.timeout(WAIT_SECONDS):
                await other.execute("BEGIN")
                await other.execute("SELECT 1")
                found: str | None = await first.fetchval(f"SELECT current_setting('{SETTING}', true)")
            if found != value:
                return True
    except TimeoutError:
        return True
    finally:
        for connection in connections:
            connection.terminate()
    return False


async def check_notifications(settings: Settings, url: str) -> Finding:
    """By one that is sent and heard."""
    heard = asyncio.Event()
    channel = f"parley_doctor_{token_hex(8)}"
    listener, sender = await open_plain(url), await open_plain(settings.database_url.get_secret_value())
    try:
        await listener.add_listener(channel, lambda *_: heard.set())
        await sender.execute(f"NOTIFY {channel}")
        async with asyncio.timeout(NOTIFICATION_SECONDS):
            await heard.wait()
    except TimeoutError:
        return find_wrong(
            "notifications",
            f"one that was sent did not arrive within {NOTIFICATION_SECONDS:g} seconds",
            "let DATABASE_LISTEN_URL lead to the same server, and around poolers",
        )
    finally:
        listener.terminate()
        sender.terminate()
    return find_ok("notifications", "arrive")

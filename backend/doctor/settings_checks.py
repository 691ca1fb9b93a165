# doctor/settings_checks.py -- settings that cannot work, or that are rarely meant so; nothing is asked of anybody else.
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from stat import S_IMODE
from urllib.parse import urlsplit

from doctor.findings import Finding, find_note, find_ok, find_wrong
from llm.opening import open_model
from server.connection_limits import RESERVED_FILES, read_file_limit
from settings import ROOT, VERSION, Settings, SettingsError
from settings.private_files import OTHERS

PIN = re.compile(r"^([a-z0-9-]+)(?:\[[^]]*\])?==([^ ;\\]+)", re.MULTILINE)
MAX_NAMED = 3
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def check_settings(settings: Settings) -> Iterator[Finding]:
    file = ROOT / ".env"
    yield find_ok("settings", f"from the environment{f' and {file}' if file.exists() else ''}")
    if file.exists() and S_IMODE(file.stat().st_mode) & OTHERS:
        yield find_wrong("settings", f"{file} is open to other users of this machine", f"chmod 600 {file}")
    yield check_key(settings)
    yield check_model(settings)
    yield from find_unusual_settings(settings)


def check_key(settings: Settings) -> Finding:
    """Without making one."""
    path = settings.sqlite_path
    if settings.secret_key is None and path and not path.with_name(f"{path.name}.key").exists():
        return find_ok("key", "the first start makes one beside the database")
    try:
        settings.signing_key()
    except SettingsError as error:
        return find_wrong("key", str(error).rstrip("."), "set SECRET_KEY, the same on every worker")
    return find_ok("key", "SECRET_KEY" if settings.secret_key else "beside the database")


def check_model(settings: Settings) -> Finding:
    try:
        for name in settings.offered_models:
            open_model(settings, name)
    except SettingsError as error:
        return find_wrong("model", str(error).rstrip("."), "see MODEL in .env.example")
    return find_ok("model", ", ".join(settings.offered_models))


def find_unusual_settings(settings: Settings) -> Iterator[Finding]:
    if settings.rate_limits == "off":
        yield find_note("settings", "sign-ins are not limited", "RATE_LIMITS=on, unless this is a load test")
    if "*" in settings.cors_origins:
        yield find_note("settings", "every page of the web may call the API", "name pages in CORS_ORIGINS")
    if "*" in settings.trusted_proxies:
        yield find_note(
            "settings", "whoever connects may say where they come from", "name proxies in TRUSTED_PROXIES"
        )
    address = urlsplit(settings.public_url or "")
    if address.scheme == "http" and address.hostname not in LOCAL_HOSTS:
        yield find_note(
            "settings", "people come by http, and send passwords in the clear", "PUBLIC_URL=https://..."
        )
    if settings.log_level == "debug":
        yield find_note("settings", "tracebacks are logged", "LOG_LEVEL=info")
    files = read_file_limit()
    if files - RESERVED_FILES < settings.max_connections:
        yield find_note(
            "files",
            f"{files:,} open files allow {files - RESERVED_FILES:,} connections instead of MAX_CONNECTIONS",
            f"ulimit -n {settings.max_connections + RESERVED_FILES}",
        )


def check_versions() -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    yield find_ok("versions", f"Parley {VERSION}, Python {python}")
    differing = [
        f"{name} {there} instead of {pinned}"
        for name, pinned in PIN.findall((ROOT / "requirements.lock").read_text())
        if (there := find_version(name)) not in (None, pinned)
    ]
    if differing:
        shown = ", ".join(differing[:MAX_NAMED])
        more = f" and {len(differing) - MAX_NAMED} more" if len(differing) > MAX_NAMED else ""
        yield find_note("versions", f"packages are not those that were tried: {shown}{more}", "make setup")


def find_version(package: str) -> str | None:
    """None for one that another platform needs."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None

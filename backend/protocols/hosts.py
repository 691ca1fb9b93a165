# protocols/hosts.py -- by which names this server may be called, where a page that rebinds a name could do harm.
from urllib.parse import urlsplit

from starlette.requests import Request

from errors import Forbidden, MisdirectedRequest
from settings import Settings

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def check_host(request: Request) -> None:
    """DNS-rebinding protection: only known Host values are let in."""
    host = request.headers.get("host", "")
    if parse_host(f"//{host}") not in list_known_names(request):
        raise MisdirectedRequest("This server does not go by that name; its operator can set PUBLIC_URL.")


def check_host_and_origin(request: Request) -> None:
    """The same, and for pages: only those of the same names and of CORS_ORIGINS."""
    check_host(request)
    origin = request.headers.get("origin")
    if origin is None or {origin, "*"} & set(get_settings_of(request).cors_origins):
        return
    if not origin.startswith(("http://", "https://")) or parse_host(origin) not in list_known_names(request):
        raise Forbidden("Pages of that origin may not call this server.", problem="origin-refused")


def get_settings_of(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def list_known_names(request: Request) -> set[str | None]:
    """The allowed hosts; among them is the address that the request came to, which no page can forge."""
    own = request.scope.get("server") or ("",)
    public = get_settings_of(request).public_url
    return {*LOOPBACK_NAMES, own[0], *([parse_host(public)] if public else [])} - {None, ""}


def parse_host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None

# llm/openai_wire/endpoint.py -- where requests go, what is sent with each, and through which proxy.
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

from settings import VERSION

PATH = "/chat/completions"
AZURE_DOMAINS = (".azure.com", ".azure-api.net", ".azure.us", ".azure.cn")


@dataclass(frozen=True, slots=True)
class Endpoint:
    url: str
    headers: Mapping[str, str] = field(repr=False)
    proxy: str | None = None
    proxy_headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def build_endpoint(base_url: str, api_key: str, extra_headers: Mapping[str, str]) -> Endpoint:
    """The address under `base_url`, whose query string stays: Azure's has the version of its API."""
    parts = urlsplit(base_url)
    path = parts.path.rstrip("/")
    url = urlunsplit(parts._replace(path=path if path.endswith(PATH) else path + PATH, fragment=""))
    is_azure = "api-version=" in parts.query or (parts.hostname or "").endswith(AZURE_DOMAINS)
    headers = {
        "Accept": "text/event-stream, application/json",
        "Accept-Encoding": "identity",  # a compressed stream comes late
        "Content-Type": "application/json",
        "User-Agent": f"Parley/{VERSION}",
    }
    if api_key:
        # Azure takes a bearer token for one of its directory, which a key is not.
        headers |= {"api-key": api_key} if is_azure else {"Authorization": f"Bearer {api_key}"}
    proxy, proxy_headers = find_proxy(url)
    if parts.scheme == "http":  # without a tunnel the proxy reads the headers of the request
        headers |= proxy_headers
    return Endpoint(url, merge_headers(headers, extra_headers), proxy, proxy_headers)


def merge_headers(headers: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """Those of the operator replace ours, whatever their case."""
    replaced = {name.lower() for name in extra}
    return {name: value for name, value in headers.items() if name.lower() not in replaced} | dict(extra)


def find_proxy(url: str) -> tuple[str | None, dict[str, str]]:
    """The proxy that the environment names for an address, and what it is to be sent; NO_PROXY has the exceptions.

    Raises ValueError, with a line for the operator, for a proxy of another kind.
    """
    parts = urlsplit(url)
    proxies = getproxies()
    named = proxies.get(parts.scheme) or proxies.get("all")
    if not named or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None, {}
    proxy = urlsplit(named if "://" in named else f"http://{named}")
    if proxy.scheme not in ("http", "https"):
        raise ValueError(
            "The proxy of the environment is no HTTP proxy: the model cannot be reached through it."
        )
    address = urlunsplit(proxy._replace(netloc=proxy.netloc.rpartition("@")[2]))
    if proxy.username is None:
        return address, {}
    user = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return address, {"Proxy-Authorization": f"Basic {b64encode(user.encode()).decode()}"}

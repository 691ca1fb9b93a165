# identity/oauth/redirects.py -- the redirect URIs of clients: which there may be, which is which, and what is added.
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlencode, urlsplit

from models.identity.oauth import MAX_URI

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
PRINTABLE = re.compile(r"[!-~]+")
# Schemes of native apps are their own (RFC 8252, section 7.1). A browser does things of its own with these, or a
# system does with what it is told.
REFUSED_SCHEME = re.compile(
    r"(java|vb|live)script|data|blob|file|filesystem|about|view-source|wss?|s?ftps?|mailto|tel|sms|intent|jar|ldaps?|"
    r"res|resource|ssh|telnet|smb|magnet|(ms|search|shell|chrome|edge|moz|opera|brave)(-.*)?"
)
SCHEME = re.compile(r"[a-z][a-z0-9+.-]{1,60}")


def split_uri(uri: str) -> SplitResult | None:
    """Its parts; None for what is no absolute URI of printable characters, or has a fragment or credentials."""
    if len(uri) > MAX_URI or not PRINTABLE.fullmatch(uri) or "\\" in uri or "#" in uri:
        return None
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    return None if "@" in parts.netloc or "://" not in uri else parts


def is_loopback(parts: SplitResult) -> bool:
    return parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS


def is_acceptable_redirect(uri: str) -> bool:
    """https, http to the machine of the client itself, or a scheme of an app's own."""
    parts = split_uri(uri)
    if parts is None:
        return False
    if parts.scheme in ("https", "http"):
        return bool(parts.hostname) and (parts.scheme == "https" or is_loopback(parts))
    return SCHEME.fullmatch(parts.scheme) is not None and not REFUSED_SCHEME.fullmatch(parts.scheme)


def is_same_redirect(asked: str, registered: str) -> bool:
    """The same text. A client on the person's own machine takes the port that is free (RFC 8252, section 7.3)."""
    if asked == registered:
        return True
    here, there = split_uri(asked), split_uri(registered)
    if here is None or there is None or not (is_loopback(here) and is_loopback(there)):
        return False
    return (here.hostname, here.path, here.query) == (there.hostname, there.path, there.query)


def is_registered_redirect(asked: str, registered: Iterable[str]) -> bool:
    return is_acceptable_redirect(asked) and any(is_same_redirect(asked, uri) for uri in registered)


def name_redirect(uri: str) -> str:
    """Where a person is sent, in a word: the host, or the scheme of an app."""
    parts = urlsplit(uri)
    return parts.netloc if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def add_answer(uri: str, **answer: str) -> str:
    """The URI with these parameters, of which the empty ones are left out."""
    query = urlencode({name: value for name, value in answer.items() if value})
    return f"{uri}{'&' if urlsplit(uri).query else '?'}{query}"

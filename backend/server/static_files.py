# server/static_files.py -- files in memory, served as they are or compressed, which happens once, at the first request.
import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import brotli  # type: ignore[import-untyped]
from anyio import to_thread
from fastapi import Request
from starlette.responses import Response

from entity_tags import is_known

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".ico": "image/vnd.microsoft.icon",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
TEXTS = {".html", ".css", ".js", ".svg", ".json", ".webmanifest"}
# The best that brotli can do takes a second for each megabyte.
LARGE_BYTES = 200_000


def compress_with_brotli(content: bytes) -> bytes:
    compressed: bytes = brotli.compress(content, quality=11 if len(content) < LARGE_BYTES else 5)
    return compressed


# By the names of HTTP, the smallest first. Browsers take brotli over https and from this machine only.
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "br": compress_with_brotli,
    "gzip": lambda content: gzip.compress(content, mtime=0),
}


@dataclass(slots=True)
class File:
    """`compressed`: by encoding, as far as it was asked for; None for what is compressed as it is."""

    content: bytes
    headers: dict[str, str]
    compressed: dict[str, bytes] | None = field(default_factory=dict)


def make_file(content: bytes, suffix: str, headers: dict[str, str]) -> File:
    """`suffix` is the key of its media type."""
    # Weak: the bytes differ with the encoding.
    etag = f'W/"{hashlib.sha256(content).hexdigest()[:24]}"'
    compressed: dict[str, bytes] | None = {} if suffix in TEXTS else None
    return File(content, {**headers, "Content-Type": TYPES[suffix], "ETag": etag}, compressed)


def choose_encoding(accepted: str) -> str | None:
    """The best of those that an Accept-Encoding header has."""
    names = {}
    for part in accepted.lower().split(","):
        name, _, weight = part.replace(" ", "").partition(";q=")
        names[name] = weight.strip("0.") != "" or weight == ""
    return next((encoding for encoding in COMPRESSORS if names.get(encoding)), None)


async def answer_with_file(request: Request, file: File) -> Response:
    if is_known(request.headers.get("if-none-match", ""), file.headers["ETag"]):
        return Response(status_code=304, headers=file.headers)
    encoding = choose_encoding(request.headers.get("accept-encoding", ""))
    if file.compressed is None or encoding is None:
        return Response(file.content, headers=file.headers)
    if encoding not in file.compressed:
        file.compressed[encoding] = await to_thread.run_sync(COMPRESSORS[encoding], file.content)
    # The middleware that compresses other answers adds Vary to what it may compress, and leaves alone what is.
    encoded = {"Content-Encoding": encoding, "Vary": "Accept-Encoding"}
    return Response(file.compressed[encoding], headers={**file.headers, **encoded})

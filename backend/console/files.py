# console/files.py -- serves the console's files: one page, its styles and its modules.
import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from console.security_policy import HEADERS, POLICY
from errors import NotFound
from routes.dependencies import FOR_ANYONE, Route

router = APIRouter(include_in_schema=False, dependencies=[FOR_ANYONE], route_class=Route)
FOLDER = Path(__file__).resolve().parent / "pages"
PAGE = "index.html"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}


@dataclass(frozen=True, slots=True)
class File:
    content: bytes
    headers: dict[str, str]


def to_file(content: bytes, suffix: str, policy: str = POLICY) -> File:
    """`suffix` is the key of its media type."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
    headers = {**HEADERS, "Content-Security-Policy": policy, "Content-Type": TYPES[suffix], "ETag": etag}
    return File(content, headers)


# Read once: only what is in the folder at startup can be served, whatever path a request spells.
FILES = {
    str(path.relative_to(FOLDER)): to_file(path.read_bytes(), path.suffix)
    for path in FOLDER.rglob("*")
    if path.suffix in TYPES
}


@router.get("/")
async def get_page(request: Request) -> Response:
    return answer_with_file(request, FILES[PAGE])


@router.get("/web/{name:path}")
async def get_file(request: Request, name: str) -> Response:
    if name not in FILES:
        raise NotFound("file")
    return answer_with_file(request, FILES[name])


def answer_with_file(request: Request, file: File) -> Response:
    etags = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if file.headers["ETag"] in etags:
        return Response(status_code=304, headers=file.headers)
    return Response(file.content, headers=file.headers)

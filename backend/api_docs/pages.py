# api_docs/pages.py -- /docs (Swagger UI) and /redoc (Redoc), which load everything from this host.
import asyncio
import json
import secrets
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from api_docs.document import describe_streams
from console.security_policy import HEADERS
from errors import NotFound
from routes.dependencies import FOR_ANYONE
from routes.route import Route
from server.static_files import TYPES, File, answer_with_file, make_file

router = APIRouter(include_in_schema=False, dependencies=[FOR_ANYONE], route_class=Route)
FOLDER = Path(__file__).resolve().parent
# Swagger UI and Redoc as released; only these files of the package are used, none of its code.
PACKAGE = Path(str(files("fastapi_offline"))) / "static"
# Swagger UI sets styles by script, and its arrows are data: URLs.
SWAGGER_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
# Redoc adds its styles with the nonce, except those of its scroll bar, which it adds (empty, then filled) before the
# nonce is set: hence two hashes. Its search runs in a worker made from a blob: URL.
SCROLL_BAR = [
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
]
STYLES = f"style-src 'self' 'nonce-{{nonce}}' {' '.join(SCROLL_BAR)}"
REDOC_POLICY = SWAGGER_POLICY.replace("style-src 'self'", STYLES) + "; worker-src blob:"
# Redoc loads its logo from its makers' server: ours takes its place.
FOREIGN_LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"


def read_asset(path: Path) -> File:
    content = path.read_bytes().replace(FOREIGN_LOGO, b"/web/icon.svg")
    return make_file(content, path.suffix, {**HEADERS, "Content-Security-Policy": SWAGGER_POLICY})


FILES = {
    path.name: read_asset(path)
    for folder in (FOLDER, PACKAGE)
    for path in folder.iterdir()
    if path.suffix in TYPES
}


@router.get("/openapi.json")
async def get_document(request: Request) -> Response:
    return await answer_with_file(request, await find_document(request.app, "openapi.json"))


@router.get("/openapi-3.2.json")
async def get_newer_document(request: Request) -> Response:
    return await answer_with_file(request, await find_document(request.app, "openapi-3.2.json"))


async def find_document(app: FastAPI, name: str) -> File:
    """Built in a thread, when it is asked for first."""
    documents: dict[str, File] = app.state.documents
    if name not in documents:
        documents[name] = await asyncio.to_thread(write_document, app, name)
    return documents[name]


def write_document(app: FastAPI, name: str) -> File:
    document = app.openapi() if name == "openapi.json" else describe_streams(app.openapi())
    return make_file(json.dumps(document, separators=(",", ":")).encode(), ".json", HEADERS)


@router.get("/docs")
async def get_docs(request: Request) -> Response:
    return await answer_with_file(request, FILES["docs.html"])


@router.get("/redoc")
async def get_redoc() -> Response:
    nonce = secrets.token_urlsafe(16)
    headers = {
        **HEADERS,
        "Content-Security-Policy": REDOC_POLICY.format(nonce=nonce),
        "Content-Type": TYPES[".html"],
        "Cache-Control": "no-store",
    }
    return Response(FILES["redoc.html"].content.replace(b"{nonce}", nonce.encode()), headers=headers)


@router.get("/docs/{name}")
async def get_asset(request: Request, name: str) -> Response:
    if name not in FILES or name.endswith(".html"):
        raise NotFound("file")
    return await answer_with_file(request, FILES[name])

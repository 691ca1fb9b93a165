# api_docs/pages.py -- the API described for people: /docs to try it, /redoc to read it, from this host alone.
import secrets
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from console.files import HEADERS, TYPES, File, answer_with_file, to_file
from errors import NotFound

router = APIRouter(include_in_schema=False)
FOLDER = Path(__file__).resolve().parent
# Swagger UI and Redoc as released; of the package itself nothing runs.
PACKAGE = Path(str(files("fastapi_offline"))) / "static"
# Swagger UI sets styles by script and draws its arrows from data: URLs.
TRIED_POLICY = "; ".join(
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
# Redoc makes its styles as it goes, but for those of its scroll bar, which it adds (empty, then filled) before it can
# be told the nonce; and it searches in a worker that it writes itself.
SCROLL_BAR = [
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
]
STYLES = f"style-src 'self' 'nonce-{{nonce}}' {' '.join(SCROLL_BAR)}"
READ_POLICY = TRIED_POLICY.replace("style-src 'self'", STYLES) + "; worker-src blob:"
# Redoc's own mark is on its makers' server.
FOREIGN_MARK = b"https://cdn.redoc.ly/redoc/logo-mini.svg"


def read_asset(path: Path) -> File:
    return to_file(path.read_bytes().replace(FOREIGN_MARK, b"/web/icon.svg"), path.suffix, TRIED_POLICY)


FILES = {
    path.name: read_asset(path)
    for folder in (FOLDER, PACKAGE)
    for path in folder.iterdir()
    if path.suffix in TYPES
}


@router.get("/docs")
async def get_docs(request: Request) -> Response:
    return answer_with_file(request, FILES["docs.html"])


@router.get("/redoc")
async def get_redoc() -> Response:
    nonce = secrets.token_urlsafe(16)
    headers = {
        **HEADERS,
        "Content-Security-Policy": READ_POLICY.format(nonce=nonce),
        "Content-Type": TYPES[".html"],
        "Cache-Control": "no-store",
    }
    return Response(FILES["redoc.html"].content.replace(b"{nonce}", nonce.encode()), headers=headers)


@router.get("/docs/{name}")
async def get_asset(request: Request, name: str) -> Response:
    if name not in FILES or name.endswith(".html"):
        raise NotFound("file")
    return answer_with_file(request, FILES[name])

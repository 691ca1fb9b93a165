# console/files.py -- serves the console's files: one page, its styles and its modules.
import hashlib
import re
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from console.security_policy import HEADERS, PART_HEADERS, WORKER_HEADERS
from errors import NotFound
from routes.dependencies import FOR_ANYONE
from routes.route import Route
from server.static_files import TYPES, File, answer_with_file, make_file

router = APIRouter(include_in_schema=False, dependencies=[FOR_ANYONE], route_class=Route)
FOLDER = Path(__file__).resolve().parent / "pages"
PAGE, WORKER = "index.html", "service_worker.js"
NOT_KEPT = {"Cache-Control": "no-cache"}
KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}


def strip_lines(content: bytes) -> bytes:
    """Without what only readers of the source need, comments and indentation. Each line keeps its number, and what a
    script does stays: no text of the console's scripts is longer than a line.
    """
    lines = (line.strip() for line in content.decode().split("\n"))
    return "\n".join("" if line.startswith("//") else line for line in lines).encode()


def strip_styles(content: bytes) -> bytes:
    """Without comments, and without the spaces at the ends of a rule."""
    first, *rest = content.decode().split("/*")
    text = "".join([first, *(part.partition("*/")[2].lstrip("\n") for part in rest)])
    return text.replace("; }", "}").replace(" { ", "{").encode()


def read_file(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".css":
        content = strip_styles(content)
    return strip_lines(content) if path.suffix in (".js", ".css", ".html") else content


# Read once: only what is in the folder at startup can be served, whatever path a request spells.
CONTENTS = {
    str(path.relative_to(FOLDER)): read_file(path)
    for path in sorted(FOLDER.rglob("*"))
    if path.suffix in TYPES
}
# Names what belongs together: the page asks for its parts under this name, and a browser keeps them for good.
VERSION_NAME = re.compile("[0-9a-f]{16}")
VERSION = hashlib.sha256(repr(CONTENTS).encode()).hexdigest()[:16]
CONTENTS[PAGE] = CONTENTS[PAGE].replace(b'"/web/', f'"/web/{VERSION}/'.encode())
CONTENTS[WORKER] = CONTENTS[WORKER].replace(b"VERSION", VERSION.encode())


def prepare_file(name: str) -> File:
    suffix = Path(name).suffix
    headers = WORKER_HEADERS if name == WORKER else HEADERS if suffix in (".html", ".svg") else PART_HEADERS
    return make_file(CONTENTS[name], suffix, {**headers, **NOT_KEPT})


FILES = {name: prepare_file(name) for name in CONTENTS}


@router.get("/")
async def get_page(request: Request) -> Response:
    return await answer_with_file(request, FILES[PAGE])


# Where browsers look that read no SVG, and programs that show addresses.
@router.get("/favicon.ico")
async def get_icon(request: Request) -> Response:
    return await answer_with_file(request, FILES["icons/favicon.ico"])


# At the root: a service worker serves what lies below it.
@router.get("/service_worker.js")
async def get_service_worker(request: Request) -> Response:
    return await answer_with_file(request, FILES[WORKER])


@router.get("/web/{name:path}")
async def get_file(request: Request, name: str) -> Response:
    """Under this version's name a file never changes. Under another one, or none, it is what there is now: a page that
    was loaded before an upgrade, or by way of another worker during one, finds its parts.
    """
    version, _, rest = name.partition("/")
    named = rest if VERSION_NAME.fullmatch(version) else name
    if named not in FILES:
        raise NotFound("file")
    response = await answer_with_file(request, FILES[named])
    if version == VERSION:
        response.headers.update(KEPT)
    return response

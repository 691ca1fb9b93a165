# routes/identity/transfers.py -- the export of all that is the caller's, and the import of what they bring.
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from clock import utc_now
from errors import Invalid, TooLarge
from exports.lines import export_lines
from imports.items import Source
from imports.running import ClientGone, begin_import
from routes.dependencies import STREAM_SLOT, AppStateDep, CallerDep
from routes.door import get_caller
from routes.openapi import Document, problems
from routes.route import Route
from server.body_limits import MAX_IMPORT_BYTES
from streaming.line_stream import LineAnswer, LineStream

router = APIRouter(prefix="/v1/me", tags=["me"], route_class=Route)

IMPORT_PATH = "/v1/me/import"
# It is never held whole.
EXPORT: Document = {
    LineStream.media_type: {
        "schema": {"type": "string"},
        "example": '{"type":"header","header":{"format":"parley","version":1}}\n'
        '{"type":"task","task":{"title":"Buy milk"}}\n'
        '{"type":"footer","footer":{"counts":{"task":1},"lines":1}}\n',
    }
}

IMPORTED: Document = {
    LineAnswer.media_type: {
        "schema": {"type": "string"},
        "example": '{"type":"progress","progress":{"bytes":2621440,"imported":{"messages":300},"skipped":{}}}\n'
        '{"type":"report","report":{"format":"chatgpt","bytes":3000000,"imported":{"messages":412},'
        '"skipped":{},"left_out":[{"what":"thoughts","why":"...","count":9,"examples":[]}],"problem":null}}\n',
    }
}
FILE: Document = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def take_export_slot(request: Request, state: AppStateDep) -> AsyncIterator[None]:
    async with state.transfer_slots.hold(get_caller(request), "export"):
        yield


@router.get(
    "/export",
    response_class=LineStream,
    responses={200: {"content": EXPORT}, **problems(401, 429)},
    dependencies=[STREAM_SLOT, Depends(take_export_slot)],
)
async def export_everything(state: AppStateDep, caller: CallerDep) -> LineStream:
    """All that is yours and that you may read, as lines of JSON: a header, an object for each thing, and a footer
    with their numbers, without which the export is not whole.
    """
    name = f"parley-{utc_now():%Y-%m-%d}.jsonl"
    return LineStream(export_lines(state.db, caller), state.timings.stream_send, name)


async def take_import_slot(request: Request, state: AppStateDep) -> AsyncIterator[None]:
    async with state.transfer_slots.hold(get_caller(request), "import"):
        yield


@router.post(
    "/import",
    response_class=LineAnswer,
    responses={200: {"content": IMPORTED}, **problems(401, 413, 422, 429)},
    openapi_extra=FILE,
    dependencies=[STREAM_SLOT, Depends(take_import_slot)],
)
async def import_file(
    request: Request,
    state: AppStateDep,
    caller: CallerDep,
    source: Annotated[
        Source | None, Query(alias="format", description="Which product's file it is; else it is found out.")
    ] = None,
) -> LineAnswer:
    """Makes what a file has and you do not. The body is the file itself: an export of Parley, `conversations.json` of
    ChatGPT, an export of chats of Open WebUI, or a CSV of Todoist. Sending it again makes nothing twice.

    The answer is lines of JSON: `progress` while the file comes, and at last a `report` of what was made, what was
    there already, and what was left out and why.
    """
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Invalid("Send the file as it is, without a Content-Encoding.", ("header", "Content-Encoding"))
    try:
        lines = await begin_import(
            state.db,
            caller,
            read_chunks(request),
            source,
            most_bytes=MAX_IMPORT_BYTES,
            is_stopping=lambda: state.notifier.closed,
        )
    except ClientGone as error:
        raise Invalid("The file has no end.", ("body",), problem="file-damaged") from error
    return LineAnswer(lines)


async def read_chunks(request: Request) -> AsyncGenerator[bytes, None]:
    """The body as it comes, in the errors of the application."""
    try:
        async for chunk in request.stream():
            if chunk:
                yield chunk
    except ClientDisconnect as error:
        raise ClientGone from error
    except HTTPException as error:
        raise TooLarge(str(error.detail)) from error

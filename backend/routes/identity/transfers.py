# routes/identity/transfers.py -- the caller's own takes and brings: the export of all that is theirs.
from collections.abc import AsyncIterator

from fastapi import APIRouter, Depends, Request

from clock import utc_now
from exports.lines import export_lines
from routes.dependencies import STREAM_SLOT, AppStateDep, CallerDep, Route
from routes.door import get_caller
from routes.openapi import Document, problems
from streaming.line_stream import LineStream

router = APIRouter(prefix="/v1/me", tags=["me"], route_class=Route)

EXPORT: Document = {
    LineStream.media_type: {
        "schema": {"type": "string"},
        "example": '{"type":"header","header":{"format":"parley","version":1}}\n'
        '{"type":"task","task":{"title":"Buy milk"}}\n'
        '{"type":"footer","footer":{"counts":{"task":1},"lines":1}}\n',
    }
}


async def take_export_slot(request: Request, state: AppStateDep) -> AsyncIterator[None]:
    with state.transfer_slots.hold(get_caller(request), "export"):
        yield


@router.get(
    "/export",
    response_class=LineStream,
    responses={200: {"content": EXPORT}, **problems(401, 429)},
    dependencies=[STREAM_SLOT, Depends(take_export_slot)],
)
async def export_everything(state: AppStateDep, caller: CallerDep) -> LineStream:
    """All that is yours and that you may read, as lines of JSON: a header, an object for each thing, and a footer with
    their numbers, without which the export is not whole.
    """
    name = f"parley-{utc_now():%Y-%m-%d}.jsonl"
    return LineStream(export_lines(state.db, caller), state.timings.stream_send, name)

# routes/audit/tool_calls.py -- the caller's tool calls over HTTP.
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from models.message import MAX_CALL_NAME, RecordedToolCallPublic
from models.shapes import STORABLE, GivenTime
from routes.dependencies import ChatReadDep, DatabaseDep, JsonBytes, PageDep
from routes.openapi import SIGNED_IN_ONE, list_of
from routes.route import Route
from services.audit import tool_calls

router = APIRouter(prefix="/v1/tool-calls", tags=["chat"], route_class=Route)


@router.get("", response_class=JsonBytes, responses={**list_of(RecordedToolCallPublic), **SIGNED_IN_ONE})
async def list_tool_calls(
    db: DatabaseDep,
    caller: ChatReadDep,
    page: PageDep,
    name: Annotated[str | None, Query(max_length=MAX_CALL_NAME, description="The tool."), STORABLE] = None,
    conversation_id: Annotated[UUID | None, Query(description="Only those of this conversation.")] = None,
    run_id: Annotated[UUID | None, Query(description="Only those of this run.")] = None,
    error: Annotated[bool | None, Query(description="Only failed ones, or only others.")] = None,
    since: Annotated[GivenTime | None, Query(alias="from", description="The earliest `created_at`.")] = None,
    before: Annotated[GivenTime | None, Query(alias="to", description="`created_at` is earlier.")] = None,
) -> JsonBytes:
    """Your tool calls in all conversations, newest first. A call is here once its run has ended."""
    wanted = tool_calls.CallFilter(name, conversation_id, run_id, error, since, before)
    return JsonBytes(await tool_calls.list_tool_calls(db, caller, wanted, page))

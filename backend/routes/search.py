# routes/search.py -- the search over HTTP.
from typing import Annotated

from fastapi import APIRouter, Query

from models.search.search_hit import SearchPage
from models.shapes import STORABLE
from pagination import Page
from routes.dependencies import AppStateDep, JsonBytes, SearchDep
from routes.openapi import SIGNED_IN, page_of, problems
from routes.route import Route
from search import hits

router = APIRouter(prefix="/v1/search", tags=["search"], route_class=Route)

DEFAULT_HITS = 20
MAX_HITS = 50
LookedFor = Annotated[
    str,
    Query(
        min_length=1,
        max_length=200,
        description='Words and "quoted phrases", in any case: at most eight, all of which have to be there.',
        examples=['"buy milk" tomorrow'],
    ),
    STORABLE,
]


@router.get("", response_class=JsonBytes, responses={**page_of(SearchPage), **SIGNED_IN, **problems(429)})
async def search(
    state: AppStateDep,
    caller: SearchDep,
    q: LookedFor,
    limit: Annotated[int, Query(ge=1, le=MAX_HITS, description="How many hits at most.")] = DEFAULT_HITS,
    cursor: Annotated[
        str | None, Query(max_length=500, description="`next_cursor` of the page before.")
    ] = None,
) -> JsonBytes:
    """Messages that you may read, and your tasks, newest first. An API token finds what its scopes let it read.

    Words of one or two characters alone are looked for in the newest 2,000 messages and tasks.
    """
    async with state.search_slots.hold(caller):
        return JsonBytes(await hits.find_hits(state.db, caller, q, Page(limit, cursor)))

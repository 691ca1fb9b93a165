# routes/markdown.py -- Markdown as safe HTML, for the console and other front ends.
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter
from pydantic import Field, StringConstraints

from models.shapes import ApiModel
from routes.dependencies import ChatReadDep
from routes.openapi import SIGNED_IN
from routes.route import Route
from server.markdown import MAX_TEXT, render_markdown

router = APIRouter(prefix="/v1/render", tags=["pages"], route_class=Route)
# Rendering is CPU-bound and would block the event loop: a few at a time, in threads.
RENDERERS = CapacityLimiter(2)


class RenderRequest(ApiModel):
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT)] = Field(examples=["**Done:** buy milk"])


class RenderPublic(ApiModel):
    html: str


@router.post("", response_model=RenderPublic, responses=SIGNED_IN)
async def render_text(caller: ChatReadDep, request: RenderRequest) -> RenderPublic:
    """Markdown as HTML without scripts, styles, images or frames; links open in a new tab."""
    return RenderPublic(html=await to_thread.run_sync(render_markdown, request.text, limiter=RENDERERS))

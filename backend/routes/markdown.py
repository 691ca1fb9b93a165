# routes/markdown.py -- Markdown as safe HTML, for the console and other front ends.
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter
from pydantic import ConfigDict, Field, StringConstraints, field_validator

from errors import Invalid
from models.shapes import ApiModel, optional_field
from routes.dependencies import ChatReadDep
from routes.openapi import SIGNED_IN
from routes.route import Route
from server.rendering.markdown import MAX_TEXT, MAX_TEXTS, render_markdown, render_texts

router = APIRouter(prefix="/v1/render", tags=["pages"], route_class=Route)
# Rendering is CPU-bound and would block the event loop: a few at a time, in threads.
RENDERERS = CapacityLimiter(2)


Text = Annotated[str, StringConstraints(max_length=MAX_TEXT)]


class RenderRequest(ApiModel):
    """One text, or the blocks of one while it grows."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "**Done:** buy milk"}]})

    text: Text = optional_field()
    texts: Annotated[list[Text], Field(max_length=MAX_TEXTS)] = optional_field()

    @field_validator("texts")
    @classmethod
    def is_no_longer_than_one(cls, texts: list[str]) -> list[str]:
        if sum(map(len, texts)) > MAX_TEXT:
            raise ValueError(f"together at most {MAX_TEXT} characters")
        return texts


class RenderPublic(ApiModel):
    html: str


class RenderedTexts(ApiModel):
    """In their order; null for one that was too much beside those before it, and may be sent again."""

    htmls: list[str | None]


@router.post("", response_model=RenderPublic | RenderedTexts, responses=SIGNED_IN)
async def render_text(caller: ChatReadDep, request: RenderRequest) -> RenderPublic | RenderedTexts:
    """Markdown as HTML without scripts, styles, images or frames; links open in a new tab. `texts` each by itself."""
    if len(request.model_fields_set) != 1:
        raise Invalid("Send either text or texts.", ("body", "text"))
    if "texts" not in request.model_fields_set:
        return RenderPublic(html=await to_thread.run_sync(render_markdown, request.text, limiter=RENDERERS))
    return RenderedTexts(htmls=await to_thread.run_sync(render_texts, request.texts, limiter=RENDERERS))

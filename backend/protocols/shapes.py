# protocols/shapes.py -- what requests of several protocols consist of.
from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from models.shapes import STORABLE

MAX_MESSAGES = 2_000
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), STORABLE]
Text = Annotated[str, STORABLE]


class ContentPart(BaseModel):
    type: str
    text: Text | None = None


ContentParts = Annotated[list[ContentPart], Field(max_length=1_000)]


def join_texts(texts: Iterable[str | None]) -> str:
    """Texts in parts are paragraphs of one."""
    return "\n\n".join(filter(None, texts))

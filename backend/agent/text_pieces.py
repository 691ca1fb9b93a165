# agent/text_pieces.py -- joins the text of a model into pieces, because each piece is written to the database.
import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from llm.protocol import ModelEvent, TextDelta

DELTA_SECONDS = 0.04
# A piece of this many characters is sent at once: each piece is a row, a frame and, on MariaDB, a packet.
MAX_PIECE_CHARACTERS = 64 * 1024


async def coalesce_text(events: AsyncIterator[ModelEvent]) -> AsyncGenerator[ModelEvent, None]:
    """The same events, with the text of about DELTA_SECONDS joined into one piece; the first piece is sent at once."""
    clock = asyncio.get_running_loop().time
    waiting = ""
    due = clock()
    coming = asyncio.ensure_future(anext(events))
    try:
        while True:
            await asyncio.wait({coming}, timeout=max(0.0, due - clock()) if waiting else None)
            if coming.done():
                try:
                    event = coming.result()
                except StopAsyncIteration:
                    break
                coming = asyncio.ensure_future(anext(events))
                if isinstance(event, TextDelta):
                    waiting += event.text
                else:
                    yield event
            if waiting and (clock() >= due or len(waiting) >= MAX_PIECE_CHARACTERS):
                piece, waiting = waiting, ""
                yield TextDelta(piece)
                due = clock() + DELTA_SECONDS
        if waiting:
            yield TextDelta(waiting)
    finally:
        coming.cancel()
        await asyncio.wait({coming})
        await events.aclose()  # type: ignore[attr-defined]


def cut_to_bytes(text: str, room: int) -> str:
    """The beginning of the text that fits into `room` bytes of UTF-8, in whole characters."""
    return text.encode("utf-8", "replace")[: max(room, 0)].decode("utf-8", "ignore")

# server/pieces.py -- long answers in pieces, between which others have their turn while each is compressed.
import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Compressing so much takes about a millisecond.
PIECE_BYTES = 64 * 1024


class PiecesMiddleware:
    """Inside of the middleware that compresses: that one compresses whatever it gets at once."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_pieces(message: Message) -> None:
            body = message.get("body", b"")
            if message["type"] != "http.response.body" or len(body) <= PIECE_BYTES:
                await send(message)
                return
            more = message.get("more_body", False)
            for start in range(0, len(body), PIECE_BYTES):
                piece = body[start : start + PIECE_BYTES]
                is_last = start + PIECE_BYTES >= len(body)
                await send({**message, "body": piece, "more_body": more or not is_last})
                await asyncio.sleep(0)

        await self.app(scope, receive, send_pieces)

# protocols/oauth/cross_origin.py -- pages of any origin may use OAuth's endpoints: none of them looks at a cookie.
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from protocols.oauth import metadata

OPEN_PATHS = frozenset(
    {
        metadata.METADATA_PATH,
        metadata.ROOT_METADATA_PATH,
        metadata.SERVER_METADATA_PATH,
        metadata.TOKEN_PATH,
        metadata.REVOKE_PATH,
        metadata.REGISTER_PATH,
    }
)
ALLOWED = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Content-Type, MCP-Protocol-Version, Authorization",
    "Access-Control-Max-Age": "86400",
}


class OpenPathsMiddleware:
    """Answers the preflights of these paths, and lets every page read what they say; CORS_ORIGINS is for the others."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in OPEN_PATHS:
            await self.app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=ALLOWED)(scope, receive, send)
            return

        async def send_open(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = "*"
                headers["Access-Control-Expose-Headers"] = "Retry-After"
            await send(message)

        await self.app(scope, receive, send_open)

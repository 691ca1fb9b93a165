# server/response_headers.py -- headers that every answer has, and HEAD served as GET without its body.
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# In the state of a HEAD request: no stream is started for it.
HEADERS_ONLY = "headers only"
# Where a route sets none: no MIME sniffing, no referrer, no cache.
HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"private, no-store"),
]
HTTPS_HEADERS = [*HEADERS, (b"strict-transport-security", b"max-age=31536000")]


class ResponseHeadersMiddleware:
    """`https`: users reach this server by https even if a proxy terminates TLS and its own connection is plain."""

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self.app = app
        self.https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = HTTPS_HEADERS if self.https or scope["scheme"] == "https" else HEADERS
        only_headers = scope["method"] == "HEAD"
        if only_headers:
            state = {**scope.get("state", {}), HEADERS_ONLY: True}
            scope = {**scope, "method": "GET", "state": state}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(pair for pair in headers if pair[0] not in present),
                ]
            elif only_headers:
                message = {**message, "body": b""}
            await send(message)

        await self.app(scope, receive, send_with_headers)

# server/response_headers.py -- the headers of every answer, and HEAD as GET without a body.
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# In the state of a request that asks for the headers alone: a stream is not begun for it.
HEADERS_ONLY = "headers only"
# Where a route says nothing else: answers are taken for what they say they are, and kept by nobody.
HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"private, no-store"),
]
HTTPS_HEADERS = [*HEADERS, (b"strict-transport-security", b"max-age=31536000")]


class ResponseHeadersMiddleware:
    """`https`: people reach this server by https whatever the connection says, since a proxy ends it."""

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

        async def enclose(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(pair for pair in headers if pair[0] not in given),
                ]
            elif only_headers:
                message = {**message, "body": b""}
            await send(message)

        await self.app(scope, receive, enclose)

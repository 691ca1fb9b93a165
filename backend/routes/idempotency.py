# routes/idempotency.py -- the Idempotency-Key header: a POST that is repeated with its key happens once.
import asyncio
import hashlib
import re
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from starlette.responses import StreamingResponse

from access import Caller
from errors import Conflict, Invalid
from routes.dependencies import Handler, Parts, Route, parts_of, signed_in
from services import idempotency

HEADER = "Idempotency-Key"
KEY = re.compile(r"[!-~]{1,255}")
WAIT_SECONDS = 10.0
LOOK_SECONDS = 0.05


class IdempotentRoute(Route):
    """Answers a repeated POST with the first answer.

    The key is taken before the work begins and the answer kept after it is committed. Should the worker die
    between the two, the work is done again, on rows whose ids come from the key (`new_id`): so it finds them.
    """

    def around(self, handler: Handler) -> Handler:
        if self.methods != {"POST"}:
            return handler

        async def once(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None:
                return await handler(request)
            if not KEY.fullmatch(key):
                raise Invalid("The key must be 1 to 255 printable ASCII characters.", ("header", HEADER))
            caller = await signed_in(request)
            return await answer_once(parts_of(request), caller, key, request, handler)

        return once


async def answer_once(parts: Parts, caller: Caller, key: str, request: Request, handler: Handler) -> Response:
    request_hash = await hash_request(request)
    claim = await claimed(parts, caller, key, request_hash)
    if claim.answer is not None:
        status, body = claim.answer
        return Response(body, status, {"Idempotent-Replayed": "true"}, "application/json")
    request.state.new_id = parts.tokens.derived_id(str(caller.user_id), key, request_hash)
    try:
        response = await handler(request)
    except BaseException:
        await asyncio.shield(parts.db.write(idempotency.release_key, caller, key))
        raise
    if isinstance(response, StreamingResponse):
        # Not kept: the next one finds the message by its client_id, which comes from the key, and so its run.
        await parts.db.write(idempotency.unlock_key, caller, key)
    else:
        body = bytes(response.body).decode()
        await parts.db.write(idempotency.keep_answer, caller, key, response.status_code, body)
    return response


async def claimed(parts: Parts, caller: Caller, key: str, request_hash: str) -> idempotency.Claim:
    """Waits a while for a first request that is still at work, then says Conflict."""
    deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
    while True:
        claim = await parts.db.write(idempotency.claim_key, caller, key, request_hash)
        if claim.mine or claim.answer is not None:
            return claim
        if asyncio.get_running_loop().time() > deadline:
            raise Conflict("The first request with this Idempotency-Key is still at work.")
        await asyncio.sleep(LOOK_SECONDS)


async def hash_request(request: Request) -> str:
    """Of what makes it the same request: method, path, query and body."""
    about = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(about + await request.body()).hexdigest()


async def get_new_id(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias=HEADER,
            description="Your own name for this request: sent again within 48 hours, it gives the first answer.",
        ),
    ] = None,
) -> UUID | None:
    """The id that the row of this request is to have, where the request has a key."""
    return getattr(request.state, "new_id", None)


NewIdDep = Annotated[UUID | None, Depends(get_new_id)]

# routes/idempotency.py -- the Idempotency-Key header: a POST that is repeated with its key takes effect once.
import asyncio
import hashlib
import re
from contextlib import suppress
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from starlette.responses import StreamingResponse

from access import Caller
from app_state import AppState
from errors import Conflict, Invalid
from routes.door import get_app_state, get_caller
from routes.parameters import Handler
from routes.route import Route
from security import derive_id
from services import idempotency
from streaming.disconnects import run_until_disconnect

HEADER = "Idempotency-Key"
KEY = re.compile(r"[!-~]{1,255}")


class IdempotentRoute(Route):
    """Answers a repeated POST with the first answer.

    The key is claimed before the work begins, and the answer stored after the work is committed. If the worker dies in
    between, the repeated work uses row ids that derive from the key (`new_id`), and so finds its rows.
    """

    is_secret: ClassVar[bool] = False
    stores_answers: ClassVar[bool] = True

    def wrap_handler(self, handler: Handler) -> Handler:
        if self.methods != {"POST"}:
            return handler

        async def handle_once(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None:
                return await handler(request)
            if not KEY.fullmatch(key):
                raise Invalid(
                    "The key must be 1 to 255 printable ASCII characters.",
                    ("header", HEADER),
                    problem="idempotency-key",
                )
            caller, state = get_caller(request), get_app_state(request)
            request_hash = await hash_request(request)
            if self.is_secret:
                request_hash = derive_id(state.jwt.secret, request_hash).hex
            return await run_once(state, caller, key, request, request_hash, handler, self.stores_answers)

        return handle_once


class RereadRoute(IdempotentRoute):
    """The same for rows that others may delete, or take from the caller. The answer is not stored: a repeat reads the
    row, and gives what the caller may see of it by then.
    """

    stores_answers = False


class SecretRoute(RereadRoute):
    """The same for requests and answers with secrets. The answer is derived again from the row and the server's key,
    and the stored hash of the request is keyed, so that nobody can test guesses against it.
    """

    is_secret = True


async def run_once(
    state: AppState,
    caller: Caller,
    key: str,
    request: Request,
    request_hash: str,
    handler: Handler,
    stores_answers: bool,
) -> Response:
    new_id = derive_id(state.jwt.secret, str(caller.user_id), key, request_hash)
    claim = await wait_for_claim(state, caller, key, request, request_hash, new_id)
    if claim.answer is not None:
        status, body = claim.answer
        return Response(body, status, {"Idempotent-Replayed": "true"}, "application/json")
    request.state.new_id = new_id
    try:
        try:
            response = await handler(request)
        except BaseException:
            await asyncio.shield(state.db.write(idempotency.release_key, caller, key))
            raise
        if not stores_answers or isinstance(response, StreamingResponse):
            # Not stored: a repeat finds the row by its id, or the run by its client_id; both are derived from the key.
            await state.db.write(idempotency.unlock_key, caller, key)
        else:
            body = bytes(response.body).decode()
            await state.db.write(idempotency.store_answer, caller, key, response.status_code, body)
    finally:
        state.notifier.notify_local(new_id)
    return response


async def wait_for_claim(
    state: AppState, caller: Caller, key: str, request: Request, request_hash: str, new_id: UUID
) -> idempotency.KeyState:
    """Claim the key, or wait for the first request with it; raises Conflict if that one takes too long.

    Waiting requests share one read, which takes no lock. When it finds the key free, each tries to claim it.
    """
    deadline = asyncio.get_running_loop().time() + state.timings.idempotency_wait

    async def find() -> idempotency.KeyState | None:
        return await state.db.read(idempotency.look_up_key, caller, key, request_hash)

    async def wait() -> idempotency.KeyState | None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                return await state.open_streams.wait_for(caller, new_id, find)
        return None

    while True:
        claim = await state.db.write(idempotency.claim_key, caller, key, request_hash)
        if claim.must_run or claim.answer is not None:
            return claim
        with state.stream_slots.hold(caller):
            found = await run_until_disconnect(request.receive, wait())
        if found is None:
            raise Conflict(
                "The first request with this Idempotency-Key is still at work.", problem="request-in-progress"
            )
        if found.answer is not None:
            return found


async def hash_request(request: Request) -> str:
    """A hash of method, path, query and body: repeated requests have the same."""
    head = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(head + await request.body()).hexdigest()


async def get_new_id(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias=HEADER,
            json_schema_extra={"pattern": f"^{KEY.pattern}$"},
            description="Your own id of this request: a repeat within 48 hours returns the first answer.",
        ),
    ] = None,
) -> UUID | None:
    """The id for the new row of this request; None without a key."""
    return getattr(request.state, "new_id", None)


NewIdDep = Annotated[UUID | None, Depends(get_new_id)]

# routes/operation/metrics.py -- the metrics of this server, for whoever has the operator's token.
import asyncio
import hmac

from fastapi import APIRouter, Request
from fastapi.responses import Response

from errors import InvalidCredential, Unauthorized
from routes.dependencies import FOR_ANYONE, AppStateDep
from routes.door import read_bearer
from routes.route import Route
from server.metrics_access import find_prometheus

router = APIRouter(tags=["operation"], dependencies=[FOR_ANYONE], route_class=Route, include_in_schema=False)


@router.get("/metrics")
async def get_metrics(request: Request, state: AppStateDep) -> Response:
    """In Prometheus' text format. The app has this route where METRICS_TOKEN is set."""
    token, recorder = state.settings.metrics_token, find_prometheus()
    assert token is not None
    assert recorder is not None
    given = read_bearer(request.headers)
    if given is None:
        raise Unauthorized("Send METRICS_TOKEN as a bearer token.")
    if not hmac.compare_digest(given.encode(), token.get_secret_value().encode()):
        raise InvalidCredential
    # In a thread: the files of several workers take a while.
    return Response(await asyncio.to_thread(recorder.render), media_type=recorder.media_type)

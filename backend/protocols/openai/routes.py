# protocols/openai/routes.py -- OpenAI's API at /openai/v1: its clients talk to Parley's agents as they stand.
from fastapi import Request, Response

from protocols.openai import completion_routes, response_routes
from protocols.openai.failures import answer_failure, make_router
from routes.dependencies import FOR_ANYONE

MAX_PATH = 100

rest = make_router()
# Starlette tries them in this order.
ROUTERS = [completion_routes.router, response_routes.router, rest]


@rest.api_route("/{path:path}", methods=["GET", "POST", "DELETE"], dependencies=[FOR_ANYONE])
async def refuse_path(request: Request, path: str) -> Response:
    message = f"Parley has no {request.method} /openai/v1/{path[:MAX_PATH]} of OpenAI's API."
    return answer_failure(404, message, "unknown_url")

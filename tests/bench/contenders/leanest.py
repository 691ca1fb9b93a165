# leanest.py -- the least that FastAPI and asyncpg can do for the same answers, written by hand.
"""Token and body are checked by Parley's own functions, a session is asked for at most every half second, as
Parley does, and the bytes of the answers are Parley's.
"""

import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response

from bench.contenders.pool import POOL_SIZE
from clock import rfc3339
from models.task import TaskCreate, TaskPublic
from security import InvalidToken, JwtSigner

REMEMBERED_SECONDS = 0.5

SESSION = """
SELECT 1 FROM auth_sessions
WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > now()
"""
LIST = """
SELECT json_build_object(
    'id', id, 'title', title, 'description', description, 'completed', completed,
    'created_at', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'updated_at', to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'completed_at', to_char(completed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'due_on', due_on, 'due_at', to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'due_timezone', due_timezone, 'repeats', repeats,
    'reminder_at', to_char(reminder_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'priority', priority, 'position', position, 'list', list
)::text, created_at, id
FROM tasks WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2
"""
CREATE = """
INSERT INTO tasks (id, user_id, title, description, completed, created_at, updated_at, completed_at, position)
VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8)
"""


def create_app(database_url: str, key: str) -> FastAPI:
    tokens = JwtSigner(key, timedelta(minutes=15))
    seen: dict[UUID, tuple[float, UUID]] = {}
    pool: Any = None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        nonlocal pool
        async with asyncpg.create_pool(database_url, min_size=POOL_SIZE, max_size=POOL_SIZE) as pool:
            yield

    app = FastAPI(lifespan=lifespan, telemetry={"tracing": False, "metrics": False, "logs": False})

    async def get_user_id(request: Request) -> UUID:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            claims = tokens.decode(token if scheme.lower() == "bearer" else "")
        except InvalidToken as error:
            raise HTTPException(401) from error
        asked_at = time.monotonic()
        at, user_id = seen.get(claims.session_id, (0.0, None))
        if asked_at - at >= REMEMBERED_SECONDS or user_id != claims.user_id:
            if await pool.fetchval(SESSION, claims.session_id, claims.user_id) is None:
                seen.pop(claims.session_id, None)
                raise HTTPException(401)
            seen[claims.session_id] = asked_at, claims.user_id
        return claims.user_id

    UserId = Annotated[UUID, Depends(get_user_id)]  # noqa: N806 -- a type

    @app.get("/v1/tasks")
    async def list_tasks(user_id: UserId, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Response:
        rows = await pool.fetch(LIST, user_id, limit + 1)
        cursor = "null"
        if len(rows) > limit:
            _, created_at, task_id = rows[limit - 1]
            text = json.dumps(["tasks", rfc3339(created_at), str(task_id)])
            cursor = f'"{base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")}"'
        items = ",".join([row[0] for row in rows[:limit]])
        return Response(f'{{"data":[{items}],"next_cursor":{cursor}}}', media_type="application/json")

    @app.post("/v1/tasks")
    async def create_task(user_id: UserId, new: TaskCreate) -> Response:
        task_id, at = uuid4(), datetime.now(UTC)
        done_at = at if new.completed else None
        words = (new.title, new.description, new.completed)
        position = at.timestamp() * 1000
        await pool.execute(CREATE, task_id, user_id, *words, at, done_at, position)
        task = TaskPublic.model_construct(
            id=task_id,
            title=new.title,
            description=new.description,
            completed=new.completed,
            created_at=at,
            updated_at=at,
            completed_at=done_at,
            due_on=None,
            due_at=None,
            due_timezone=None,
            repeats=None,
            reminder_at=None,
            priority="none",
            position=position,
            list=None,
        )
        return Response(task.model_dump_json(), 201, media_type="application/json")

    return app

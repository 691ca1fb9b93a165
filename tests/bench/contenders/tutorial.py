# tutorial.py -- models and token as the SQLModel tutorial has them, for both tutorial contenders.
"""Nothing of Parley's is used here: its models, with their checks and their rendering of times, cost more
than a tutorial's. The answers are the same JSON nevertheless, and a revoked session is refused.
"""

import base64
import json
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import Depends, HTTPException
from fastapi.security import OAuth2PasswordBearer
from jose import JWTError, jwt
from sqlalchemy import DateTime
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

TIME: Any = DateTime(timezone=True)


def get_utc_now() -> datetime:
    return datetime.now(UTC)


class User(SQLModel, table=True):
    __tablename__ = "users"

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    email: str = Field(unique=True, max_length=255)
    password_hash: str
    display_name: str | None = None
    timezone: str = "UTC"
    created_at: datetime = Field(default_factory=get_utc_now, sa_type=TIME)
    updated_at: datetime = Field(default_factory=get_utc_now, sa_type=TIME)


class AuthSession(SQLModel, table=True):
    __tablename__ = "auth_sessions"

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    user_id: uuid.UUID = Field(foreign_key="users.id")
    expires_at: datetime = Field(sa_type=TIME)
    revoked_at: datetime | None = Field(default=None, sa_type=TIME)


class TaskBase(SQLModel):
    title: str = Field(min_length=1, max_length=255)
    description: str | None = Field(default=None, max_length=10_000)
    completed: bool = False
    due_on: date | None = None
    due_at: datetime | None = Field(default=None, sa_type=TIME)
    due_timezone: str | None = None
    repeats: str | None = None
    reminder_at: datetime | None = Field(default=None, sa_type=TIME)
    priority: str = "none"
    position: float = Field(default_factory=lambda: time.time() * 1000)
    list: str | None = None


class Task(TaskBase, table=True):
    __tablename__ = "tasks"

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    user_id: uuid.UUID = Field(foreign_key="users.id")
    created_at: datetime = Field(default_factory=get_utc_now, sa_type=TIME)
    updated_at: datetime = Field(default_factory=get_utc_now, sa_type=TIME)
    completed_at: datetime | None = Field(default=None, sa_type=TIME)


class TaskCreate(TaskBase):
    pass


class TaskPublic(SQLModel):
    id: uuid.UUID
    title: str
    description: str | None
    completed: bool
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    due_on: date | None
    due_at: datetime | None
    due_timezone: str | None
    repeats: str | None
    reminder_at: datetime | None
    priority: str
    position: float
    list: str | None


class TasksPublic(SQLModel):
    data: list[TaskPublic]
    next_cursor: str | None


TokenDep = Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="/v1/auth/token"))]


def unauthorized() -> HTTPException:
    return HTTPException(401, "Could not validate credentials", headers={"WWW-Authenticate": "Bearer"})


def select_user(token: str, key: str) -> SelectOfScalar[User]:
    """The statement that finds the token's user while the session is live."""
    try:
        payload = jwt.decode(token, key, algorithms=["HS256"], audience="parley-api", issuer="parley")
        user_id, session_id = uuid.UUID(payload["sub"]), uuid.UUID(payload["sid"])
    except (JWTError, KeyError, ValueError) as error:
        raise unauthorized() from error
    return (
        select(User)
        .join(AuthSession, col(AuthSession.user_id) == col(User.id))
        .where(AuthSession.id == session_id, User.id == user_id)
        .where(col(AuthSession.revoked_at).is_(None), AuthSession.expires_at > get_utc_now())
    )


def select_tasks(user: User, limit: int) -> SelectOfScalar[Task]:
    """One more than `limit`, which tells whether there is a next page."""
    order = (col(Task.created_at).desc(), col(Task.id).desc())
    return select(Task).where(Task.user_id == user.id).order_by(*order).limit(limit + 1)


def page(tasks: Sequence[Task], limit: int) -> dict[str, Any]:
    """What TasksPublic is made of, with Parley's cursor."""
    cursor = None
    if len(tasks) > limit:
        last = tasks[limit - 1]
        text = json.dumps(["tasks", last.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), str(last.id)])
        cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return {"data": tasks[:limit], "next_cursor": cursor}

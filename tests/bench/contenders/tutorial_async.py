# tutorial_async.py -- the same as tutorial_sync.py, with async def, AsyncSession and asyncpg.
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.contenders.pool import POOL_SIZE
from bench.contenders.tutorial import (
    Task,
    TaskCreate,
    TaskPublic,
    TasksPublic,
    TokenDep,
    User,
    page,
    select_tasks,
    select_user,
    unauthorized,
)


def create_app(database_url: str, key: str) -> FastAPI:
    url = database_url.replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url, pool_size=POOL_SIZE, max_overflow=0)
    app = FastAPI()

    async def get_session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            yield session

    SessionDep = Annotated[AsyncSession, Depends(get_session)]  # noqa: N806 -- a type

    async def get_current_user(session: SessionDep, token: TokenDep) -> User:
        user = (await session.exec(select_user(token, key))).first()
        if user is None:
            raise unauthorized()
        return user

    CurrentUser = Annotated[User, Depends(get_current_user)]  # noqa: N806 -- a type

    @app.get("/v1/tasks", response_model=TasksPublic)
    async def read_tasks(
        session: SessionDep, user: CurrentUser, limit: Annotated[int, Query(le=200)] = 50
    ) -> Any:
        return page((await session.exec(select_tasks(user, limit))).all(), limit)

    @app.post("/v1/tasks", response_model=TaskPublic, status_code=201)
    async def create_task(session: SessionDep, user: CurrentUser, task: TaskCreate) -> Any:
        db_task = Task.model_validate(task, update={"user_id": user.id})
        session.add(db_task)
        await session.commit()
        await session.refresh(db_task)
        return db_task

    return app

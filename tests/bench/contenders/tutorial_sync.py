# tutorial_sync.py -- the endpoints as the SQLModel tutorial writes them, with def and Session.
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query
from sqlmodel import Session, create_engine

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
    url = database_url.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url, pool_size=POOL_SIZE, max_overflow=0)
    app = FastAPI()

    def get_session() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    SessionDep = Annotated[Session, Depends(get_session)]  # noqa: N806 -- a type

    def get_current_user(session: SessionDep, token: TokenDep) -> User:
        user = session.exec(select_user(token, key)).first()
        if user is None:
            raise unauthorized()
        return user

    CurrentUser = Annotated[User, Depends(get_current_user)]  # noqa: N806 -- a type

    @app.get("/v1/tasks", response_model=TasksPublic)
    def read_tasks(session: SessionDep, user: CurrentUser, limit: Annotated[int, Query(le=200)] = 50) -> Any:
        return page(session.exec(select_tasks(user, limit)).all(), limit)

    @app.post("/v1/tasks", response_model=TaskPublic, status_code=201)
    def create_task(session: SessionDep, user: CurrentUser, task: TaskCreate) -> Any:
        db_task = Task.model_validate(task, update={"user_id": user.id})
        session.add(db_task)
        session.commit()
        session.refresh(db_task)
        return db_task

    return app

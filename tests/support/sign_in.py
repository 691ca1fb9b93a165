# support/sign_in.py -- signing in by hand, and what a refused request has to look like.
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import SQLModel

from db import Transaction
from models.columns import now
from support.servers import (
    PASSWORD,
    Server,
    in_database,
)

NEW_PASSWORD = "a better battery staple"


def later(monkeypatch: pytest.MonkeyPatch, module: str, **time_passed: float) -> None:
    """The module's clock goes on by so much from here on."""
    monkeypatch.setattr(f"{module}.now", lambda: now() + timedelta(**time_passed))


def refused(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    return problem


def sign_in(server: Server, email: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
    return server.client(**headers).post("/v1/auth/token", data={"username": email, "password": password})


def refresh(server: Server, refresh_token: str) -> httpx.Response:
    return server.client().post("/v1/auth/refresh", json={"refresh_token": refresh_token})


def me(server: Server, access_token: str) -> httpx.Response:
    return server.client(Authorization=f"Bearer {access_token}").get("/v1/me")


def rows(server: Server) -> dict[str, set[str]]:
    """Every row of every table, as text."""

    async def read(tx: Transaction) -> dict[str, set[str]]:
        tables = SQLModel.metadata.sorted_tables
        return {table.name: {str(tuple(row)) for row in await tx.execute(table.select())} for table in tables}

    return in_database(server, read)

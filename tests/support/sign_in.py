# support/sign_in.py -- signing in by hand, and what a refused request has to look like.
from typing import Any

import httpx

from support.servers import (
    PASSWORD,
    Server,
)

NEW_PASSWORD = "a better battery staple"


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

# support/sign_in.py -- signing in by hand, and what a refused request has to look like.
from datetime import timedelta

import httpx
import pytest

from models.columns import now
from support.servers import (
    PASSWORD,
    Server,
)

NEW_PASSWORD = "a better battery staple"


def later(monkeypatch: pytest.MonkeyPatch, module: str, **time_passed: float) -> None:
    """The module's clock goes on by so much from here on."""
    monkeypatch.setattr(f"{module}.now", lambda: now() + timedelta(**time_passed))


def sign_in(server: Server, email: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
    return server.client(**headers).post("/v1/auth/token", data={"username": email, "password": password})


def refresh(server: Server, refresh_token: str) -> httpx.Response:
    return server.client().post("/v1/auth/refresh", json={"refresh_token": refresh_token})


def me(server: Server, access_token: str) -> httpx.Response:
    return server.client(Authorization=f"Bearer {access_token}").get("/v1/me")

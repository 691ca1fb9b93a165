# support/api/sign_in.py -- signing in by hand.
import httpx

from support.servers import (
    PASSWORD,
    Server,
)

NEW_PASSWORD = "a better battery staple"


def sign_in(server: Server, email: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
    return server.client(**headers).post("/v1/auth/token", data={"username": email, "password": password})


def refresh(server: Server, refresh_token: str) -> httpx.Response:
    return server.client().post("/v1/auth/refresh", json={"refresh_token": refresh_token})


def me(server: Server, access_token: str) -> httpx.Response:
    return server.client(Authorization=f"Bearer {access_token}").get("/v1/me")

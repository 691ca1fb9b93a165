# test_confirmation.py -- what an access token alone is not enough for: the password is asked for once more.
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from support.api.problems import problem_of
from support.api.sign_in import NEW_PASSWORD
from support.clock import pass_time
from support.servers import PASSWORD, Person, Server, serving, settings_for

# The password is asked for before anything is changed.
pytestmark = pytest.mark.engines("sqlite")

Request = tuple[str, str, dict[str, Any]]
GUARDED: dict[str, Request] = {
    "delete the account": ("DELETE", "/v1/me", {}),
    "let the agent do as it likes": ("PATCH", "/v1/me", {"approval": "never"}),
    "take another email": ("PATCH", "/v1/me", {"email": "<new>"}),
    "make a token for ever": (
        "POST",
        "/v1/me/tokens",
        {"name": "Cron", "scopes": ["read"], "expires_in_days": None},
    ),
}


@pytest.fixture
def ann(server: Server, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Whoever signed in more than five minutes ago."""
    person = server.person()
    pass_time(monkeypatch, minutes=6)
    return person


def send(person: Person, request: Request, **more: Any) -> httpx.Response:
    method, path, body = request
    filled = {
        name: f"{uuid4().hex}@example.com" if value == "<new>" else value for name, value in body.items()
    }
    return person.http.request(method, path, json={**filled, **more})


def standing(person: Person) -> tuple[Any, Any]:
    return person.get("/v1/me"), person.get("/v1/me/tokens")


@pytest.mark.parametrize("request_", GUARDED.values(), ids=GUARDED)
def test_a_stolen_access_token_is_not_enough(ann: Person, request_: Request) -> None:
    before = standing(ann)
    problem = problem_of(send(ann, request_), 403)
    assert problem["type"] == "urn:parley:problem:password-required"
    wrong = problem_of(send(ann, request_, current_password="not the right one"), 422)
    assert wrong["errors"][0]["loc"] == ["body", "current_password"]
    assert problem_of(send(ann, request_, current_password=None), 422)
    assert standing(ann) == before
    assert send(ann, request_, current_password=PASSWORD).is_success


@pytest.mark.parametrize("request_", GUARDED.values(), ids=GUARDED)
def test_whoever_has_just_signed_in_is_not_asked(server: Server, request_: Request) -> None:
    assert send(server.person(), request_).is_success


def test_what_can_be_undone_or_ends_by_itself_needs_no_password(ann: Person) -> None:
    ann.patch("/v1/me", display_name="Ann", timezone="Europe/Berlin", approval="always")
    ann.patch("/v1/me", email=ann.email.upper())
    ann.post("/v1/me/tokens", name="Cron", scopes=["read"], expires_in_days=3650)
    ann.patch("/v1/me", approval="never", current_password=PASSWORD)
    ann.patch("/v1/me", approval="never", display_name="still")
    assert ann.get("/v1/me")["display_name"] == "still"


def test_a_new_email_signs_in_and_the_old_one_does_not(server: Server, ann: Person, bob: Person) -> None:
    email = f"Ann.{uuid4().hex}@Example.com"
    assert ann.patch("/v1/me", email=email, current_password=PASSWORD)["email"] == email.lower()
    server.sign_in(email)
    problem_of(
        server.client().post("/v1/auth/token", data={"username": ann.email, "password": PASSWORD}), 401
    )
    body = {"email": bob.email, "current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert problem_of(ann.http.patch("/v1/me", json=body), 409)["detail"] == "This email is taken."
    server.sign_in(email)  # with the password of before: all of the change was refused


@pytest.mark.busy
def test_a_body_without_a_password_is_none(server: Server) -> None:
    for send_ in ({}, {"content": b""}, {"json": {}}):
        assert server.person().http.request("DELETE", "/v1/me", **send_).status_code == 204


@pytest.mark.parametrize("request_", GUARDED.values(), ids=GUARDED)
@pytest.mark.busy
def test_guessing_the_password_there_is_limited_as_everywhere(
    limited: Server, monkeypatch: pytest.MonkeyPatch, request_: Request
) -> None:
    person = limited.person()
    pass_time(monkeypatch, minutes=6)
    guess = {"current_password": "not the right one", "new_password": NEW_PASSWORD}
    for number in range(10):
        if number % 2:
            problem_of(send(person, request_, current_password="not the right one"), 422)
        else:
            problem_of(person.http.patch("/v1/me", json=guess), 422)
    problem_of(send(person, request_, current_password=PASSWORD), 429)


@pytest.fixture(scope="module")
def limited(engine_name: str, new_database: Callable[[str], str]) -> Any:
    with serving(settings_for(new_database(engine_name), rate_limits="on")) as running:
        yield running

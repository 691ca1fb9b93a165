# test_logged_secrets.py -- no password and no token reaches a log, whatever goes wrong.


from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from sqlalchemy import text

import logs
import services.tasks
from db import Transaction
from identity import auth
from support.api.problems import problem_of
from support.api.sign_in import NEW_PASSWORD, refresh, sign_in
from support.servers import (
    PASSWORD,
    Person,
    Server,
    in_database,
    ok,
)


@pytest.fixture
def logged(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[Callable[[], str]]:
    """All that is logged at the most talkative level: by us, by uvicorn, by whoever uses `logging`."""
    before = structlog.get_config()
    with caplog.at_level("INFO"):
        logs.configure_logs("debug")
        yield lambda: capsys.readouterr().err + caplog.text
    structlog.configure(**before)


@pytest.mark.engines("sqlite")
def test_a_crash_is_logged_without_any_secret(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch, logged: Callable[[], str]
) -> None:
    async def crash(*args: Any) -> Any:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(services.tasks, "list_tasks", crash)
    monkeypatch.setattr(auth, "open_session", crash)
    monkeypatch.setattr(auth, "create_user", crash)
    monkeypatch.setattr(auth, "rotate_token", crash)
    headers = {"Connection": "close"}
    answers = [
        ann.http.get("/v1/tasks", params={"q": "a private word"}, headers=headers),
        sign_in(server, ann.email, **headers),
        server.client(**headers).post(
            "/v1/auth/register", json={"email": "x@example.com", "password": NEW_PASSWORD}
        ),
        server.client(**headers).post(
            "/v1/auth/refresh", json={"refresh_token": ann.tokens["refresh_token"]}
        ),
    ]
    for answer in answers:
        problem = problem_of(answer, 500)
        assert problem["detail"] == "Something went wrong on our side."
        assert "bug of ours" not in answer.text
    written = logged()
    assert written.count("a bug of ours") >= 4, "the log tells the operator what happened"
    assert "/v1/auth/token" in written
    secrets = [PASSWORD, NEW_PASSWORD, *ann.tokens.values(), "a private word", "argon2id"]
    assert [
        secret for secret in secrets if isinstance(secret, str) and len(secret) > 6 and secret in written
    ] == []


def test_an_error_of_the_database_does_not_say_with_which_values(server: Server) -> None:
    """SQLAlchemy writes the parameters of a failed statement, and with them hashes and words, into its message."""

    async def fail(tx: Transaction) -> None:
        await tx.execute(text("SELECT * FROM nothing WHERE a = :value"), {"value": "hunter22"})

    with pytest.raises(Exception, match="nothing") as failure:
        in_database(server, fail)
    assert "hunter22" not in str(failure.value)


@pytest.mark.engines("sqlite")
def test_the_log_of_a_request_that_went_well_holds_no_secret(
    server: Server, ann: Person, logged: Callable[[], str]
) -> None:
    ann.chat("add a private word")
    ok(refresh(server, ann.tokens["refresh_token"]))
    written = logged()
    secrets = [PASSWORD, ann.tokens["access_token"], ann.tokens["refresh_token"], "a private word"]
    assert [secret for secret in secrets if secret in written] == []

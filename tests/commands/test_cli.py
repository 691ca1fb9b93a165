# test_cli.py -- the operator's commands, on a database of their own.
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

import cli
from settings import SettingsError
from support.servers import PASSWORD, serving

# The commands call services that have their own tests on every engine.
pytestmark = pytest.mark.engines("sqlite")


def test_the_operator_makes_a_user_where_registration_is_closed(parley: Callable[..., Result]) -> None:
    done = parley("user", "create", "Ann@Example.com", "--name", "Ann", given=f"{PASSWORD}\n")
    assert done.exit_code == 0
    assert done.stdout.startswith("ann@example.com can sign in now")
    with serving(parley.settings) as server:  # type: ignore[attr-defined]
        refused = server.client().post(
            "/v1/auth/register", json={"email": "bob@example.com", "password": PASSWORD}
        )
        assert refused.status_code == 403
        assert server.sign_in("ann@example.com").get("/v1/me")["display_name"] == "Ann"


def test_a_taken_email_and_a_short_password_are_refused_in_one_line(parley: Callable[..., Result]) -> None:
    assert parley("user", "create", "ann@example.com", given=f"{PASSWORD}\n").exit_code == 0
    again = parley("user", "create", "ANN@example.com", given=f"{PASSWORD}\n")
    assert (again.exit_code, again.stderr) == (1, "parley: This email is taken.\n")
    short = parley("user", "create", "bob@example.com", given="short\n")
    assert short.exit_code == 1
    assert short.stderr == "parley: password: String should have at least 8 characters\n"
    assert parley("user", "create", "no email", given=f"{PASSWORD}\n").exit_code == 1


def test_a_reset_password_works_and_ends_every_session(parley: Callable[..., Result]) -> None:
    parley("user", "create", "ann@example.com", given=f"{PASSWORD}\n")
    with serving(parley.settings) as server:  # type: ignore[attr-defined]
        ann = server.sign_in("ann@example.com")
        done = parley("user", "reset-password", "Ann@example.com", given="another password\n")
        assert done.exit_code == 0
        server.state.session_cache.forget(None)
        assert ann.http.get("/v1/me").status_code == 401
        wrong = {"username": "ann@example.com", "password": PASSWORD}
        assert server.client().post("/v1/auth/token", data=wrong).status_code == 401
        assert server.sign_in("ann@example.com", "another password").get("/v1/me")


def test_a_reset_for_nobody_says_so(parley: Callable[..., Result]) -> None:
    done = parley("user", "reset-password", "nobody@example.com", given="another password\n")
    assert done.exit_code == 1
    assert done.stderr.endswith("parley: nobody has this email.\n")


def test_settings_that_cannot_work_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong() -> None:
        raise SettingsError("LOG_LEVEL: no")

    monkeypatch.setattr("commands.context.get_settings", wrong)
    done = CliRunner().invoke(cli.app, ["user", "create", "ann@example.com"], input=f"{PASSWORD}\n")
    assert (done.exit_code, done.output) == (1, "parley: LOG_LEVEL: no\n")

# test_registration.py -- register: one user per email, whoever comes first.


from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from models.identity.password_rules import TOO_COMMON, is_guessed_first
from support.api.problems import problem_of
from support.api.sign_in import sign_in
from support.databases.table_rows import read_rows
from support.servers import (
    PASSWORD,
    Person,
    Server,
    ok,
    serving,
    settings_for,
)


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_a_person_registers_and_sees_the_profile_and_no_secret(server: Server) -> None:
    email = f"Ann.{uuid4().hex}@Example.COM"
    new = {"email": email, "password": PASSWORD, "display_name": "  Ann ", "timezone": "Europe/Berlin"}
    answer = server.client().post("/v1/auth/register", json=new)
    assert answer.status_code == 201
    user = answer.json()
    profile = {"display_name", "timezone", "language", "approval"}
    assert user.keys() == {"id", "email", *profile, "created_at", "updated_at"}
    assert user["language"] is None
    assert (user["email"], user["display_name"], user["timezone"]) == (email.lower(), "Ann", "Europe/Berlin")
    assert server.sign_in(email).get("/v1/me") == user
    assert PASSWORD not in str(read_rows(server)["users"])


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_the_same_email_registered_many_times_at_once_is_one_user(server: Server) -> None:
    email = f"{uuid4().hex}@example.com"
    spellings = [email, email.upper(), email.title()] * 3
    with ThreadPoolExecutor(9) as pool:
        posts = [
            pool.submit(
                server.client().post, "/v1/auth/register", json={"email": spelling, "password": PASSWORD}
            )
            for spelling in spellings
        ]
        answers = [post.result() for post in posts]
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 8
    assert {problem_of(answer, 409)["detail"] for answer in answers if answer.status_code == 409} == {
        "This email is taken."
    }
    assert len([row for row in read_rows(server)["users"] if email in row]) == 1


@pytest.mark.busy
def test_an_email_signs_in_however_it_is_written(server: Server) -> None:
    """The address that a person typed to register is the one that the same person types to sign in."""
    name = uuid4().hex
    for registered, others in {
        f"JOSÉ.{name}@example.com": [
            f"josé.{name}@EXAMPLE.com",
            f" José.{name}@example.com ",
            f"JOSE\u0301.{name}@example.com",
        ],
        f"cafe\u0301.{name}@example.com": [f"café.{name}@example.com", f"cafe\u0301.{name}@example.com"],
        f"ann.{name}@xn--bcher-kva.example": [
            f"Ann.{name}@bücher.example",
            f"ann.{name}@xn--bcher-kva.example",
        ],
    }.items():
        ok(server.client().post("/v1/auth/register", json={"email": registered, "password": PASSWORD}))
        for spelling in [registered, *others]:
            assert sign_in(server, spelling).status_code == 200, spelling
            twice = server.client().post("/v1/auth/register", json={"email": spelling, "password": PASSWORD})
            assert twice.status_code == 409, spelling


@pytest.mark.parametrize("email", ["Ann <ann@example.com>", "<ann@example.com>", '"Ann" ann@example.com'])
@pytest.mark.engines("sqlite")
def test_only_a_bare_address_is_an_email(server: Server, email: str) -> None:
    """What is kept would not be what was typed."""
    answer = server.client().post("/v1/auth/register", json={"email": email, "password": PASSWORD})
    assert problem_of(answer, 422)["errors"][0]["loc"] == ["body", "email"]


@pytest.mark.parametrize(
    "email",
    ["robot@agents.invalid", "robot@Agents.INVALID", "robot@agents.ｉｎｖａｌｉｄ", "robot@deleted.invalid"],
)
@pytest.mark.engines("sqlite")
def test_nobody_takes_an_address_of_agents_or_of_the_deleted(server: Server, ann: Person, email: str) -> None:
    """It would keep an agent from being made, or a user from being deleted: an email is taken once."""
    problems = [
        problem_of(
            server.client().post("/v1/auth/register", json={"email": email, "password": PASSWORD}), 422
        ),
        problem_of(ann.http.patch("/v1/me", json={"email": email, "current_password": PASSWORD}), 422),
    ]
    for problem in problems:
        assert [error["loc"] for error in problem["errors"]] == [["body", "email"]]


@pytest.mark.engines("sqlite")
def test_registration_can_be_closed_and_signing_in_goes_on(server: Server) -> None:
    email = server.register()
    url = server.settings.database_url.get_secret_value()
    with serving(settings_for(url, registration="closed")) as closed:
        new = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
        problem = problem_of(closed.client().post("/v1/auth/register", json=new), 403)
        assert problem["detail"] == "Registration is closed here."
        assert sign_in(closed, email).status_code == 200
        assert sign_in(closed, new["email"]).status_code == 401


@pytest.mark.parametrize(
    "password",
    ["12345678", "0987654321", "abcdefgh", "aaaaaaaaa", "ABABABAB", "Password1", "qwertyuiop", "ann.taylor"],
)
def test_a_new_password_is_none_that_is_tried_first(server: Server, password: str) -> None:
    new = {"email": f"ann.taylor@{uuid4().hex}.example.com", "password": password}
    problem = problem_of(server.client().post("/v1/auth/register", json=new), 422)
    [error] = problem["errors"]
    assert (error["loc"], TOO_COMMON in error["msg"]) == (["body", "password"], True)


@pytest.mark.parametrize("password", ["12345679", "abcdefgg", "aaaabbbbc", "password of mine"])
def test_what_only_looks_like_one_of_them_is_taken(password: str) -> None:
    assert not is_guessed_first(password)


def test_a_current_password_that_is_short_is_wrong_and_not_too_short(ann: Person) -> None:
    change = {"current_password": "bad", "new_password": PASSWORD}
    problem = problem_of(ann.http.patch("/v1/me", json=change), 422)
    assert [error["msg"] for error in problem["errors"]] == ["The current password is wrong."]
    common = problem_of(ann.http.patch("/v1/me", json={**change, "new_password": "12345678"}), 422)
    assert [error["loc"] for error in common["errors"]] == [["body", "new_password"]]

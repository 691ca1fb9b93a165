# test_sign_in_form.py -- the form that signs in, filled in wrongly.


import json
from collections.abc import Callable
from uuid import uuid4

import pytest

from support.api.bad_input import FORM
from support.api.problems import MARK, problem_of
from support.databases.table_rows import count_rows
from support.servers import PASSWORD, Person, Server

FORM_FIELDS = {
    "nothing": (b"", 422),
    "no password": (b"username=a%40example.com", 422),
    "no email": (b"password=" + MARK.encode(), 422),
    "another grant": (b"grant_type=refresh_token&username=a&password=" + MARK.encode(), 422),
    "a NUL in the email": (b"username=a%00%40example.com&password=x", 401),
    "a NUL in the password": (b"username=a%40example.com&password=%00" + MARK.encode(), 401),
    "half a surrogate pair in the email": (b"username=%ED%A0%80&password=x", 401),
    "half a surrogate pair in the password": (b"username=a%40example.com&password=%ED%A0%80", 401),
    "half a surrogate pair in a name": (b"%ED%A0%80=1&username=a&password=b", 401),
    "bytes that are not UTF-8": (b"username=%ff%fe&password=%ff", 401),
    "raw bytes that are not UTF-8": (b"username=\xff&password=\xff", 401),
    "broken percent signs": (b"username=%zz&password=%", 401),
    "a long password": (b"username=a%40example.com&password=" + b"x" * 16_000, 401),
    "a long email": (b"password=x&username=" + b"x" * 16_000, 401),
    "a password of half a megabyte": (b"username=a%40example.com&password=" + b"x" * 500_000, 413),
    "an email of half a megabyte": (b"password=x&username=" + b"x" * 500_000, 413),
    "two thousand fields": (b"&".join(b"f%d=1" % number for number in range(2_000)), 400),
    "JSON": (b'{"username": "a", "password": "b"}', 422),
}


def test_a_form_that_signs_nobody_in_is_refused(server: Server) -> None:
    for case, (body, status) in FORM_FIELDS.items():
        answer = server.client().post("/v1/auth/token", content=body, headers=FORM)
        assert answer.status_code in (status, *([422] if status == 401 else [])), case
        problem = problem_of(answer, answer.status_code)
        if status == 401:
            assert problem["detail"] in (
                "The email or the password is wrong.",
                f"The request is not valid: {'password'}.",
            ), case


@pytest.mark.engines("sqlite")
def test_a_form_of_another_kind_is_refused(server: Server, ann: Person) -> None:
    body = json.dumps({"username": ann.email, "password": PASSWORD}).encode()
    for kind in [
        "application/json",
        "text/plain",
        "",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
    ]:
        answer = server.client().post("/v1/auth/token", content=body, headers={"Content-Type": kind})
        problem_of(answer, 400, 415, 422)
    files = {"username": ("name", ann.email.encode()), "password": ("name", PASSWORD.encode())}
    problem_of(server.client().post("/v1/auth/token", files=files), 422)


@pytest.mark.parametrize("spelling", [str.upper, str.title, str.swapcase, lambda email: f" {email}"])
def test_an_email_that_differs_in_case_only_is_taken(server: Server, spelling: Callable[[str], str]) -> None:
    for email in (f"ann.{uuid4().hex}@example.com", f"jÖsé.ΔΙ.жук.{uuid4().hex}@example.com"):
        new = {"email": email, "password": PASSWORD}
        assert server.client().post("/v1/auth/register", json=new).status_code == 201
        before = count_rows(server)
        problem_of(server.client().post("/v1/auth/register", json={**new, "email": spelling(email)}), 409)
        assert count_rows(server) == before

# test_sizes.py -- bodies that are too large, and the longest that are not.


from collections.abc import Iterator

import pytest

from server.body_limits import MAX_ANONYMOUS_BYTES, MAX_BODY_BYTES
from support.api.bad_input import BODIES, FOR_STRANGERS, FORM, FORMS, JSON, ON_ONE_ENGINE, Somebody, post
from support.api.problems import problem_of
from support.servers import Person

FOR_STRANGERS_BYTES = MAX_ANONYMOUS_BYTES + 1


@ON_ONE_ENGINE
@pytest.mark.usefixtures("nothing_stored")
def test_who_is_not_signed_in_may_send_sixteen_kibibytes(somebody: Somebody) -> None:
    for route in (*FOR_STRANGERS, *FORMS):
        kind = FORM if route in FORMS else JSON
        for content in (b" " * FOR_STRANGERS_BYTES, chunks(FOR_STRANGERS_BYTES)):
            answer = somebody.http.post(somebody.path(route), content=content, headers=kind)
            assert "16 KiB" in problem_of(answer, 413)["detail"], route
        answer = somebody.http.post(somebody.path(route), content=b" " * MAX_ANONYMOUS_BYTES, headers=kind)
        problem_of(answer, 400, 422)


LARGE = MAX_BODY_BYTES + 1


def chunks(size: int) -> Iterator[bytes]:
    for start in range(0, size, 65_536):
        yield b"x" * min(65_536, size - start)


@ON_ONE_ENGINE
@pytest.mark.usefixtures("nothing_stored")
def test_a_body_over_one_mebibyte_is_refused(somebody: Somebody) -> None:
    for route in (*BODIES, *FORMS, "GET /v1/tasks", "DELETE /v1/tasks/{task_id}", "PUT /v1/nothing"):
        method, path = route.split(" ")[0], somebody.path(route)
        kind = FORM if route in FORMS else JSON
        for headers in (kind, {**kind, "Authorization": "Bearer nonsense"}):
            answer = somebody.http.request(
                method, path, content=b"x" * LARGE, headers={**headers, "Connection": "close"}
            )
            assert "1 MiB" in problem_of(answer, 413)["detail"], route


@ON_ONE_ENGINE
@pytest.mark.usefixtures("nothing_stored")
def test_a_body_over_one_mebibyte_that_does_not_say_so_is_refused(somebody: Somebody) -> None:
    """Sent in chunks, without Content-Length: what counts is what arrives."""
    for route in (*BODIES, *FORMS):
        kind = FORM if route in FORMS else JSON
        headers = {**kind, "Connection": "close"}
        answer = somebody.http.request(
            route.split(" ")[0], somebody.path(route), content=chunks(LARGE + 65_536), headers=headers
        )
        most = "16 KiB" if route in [*FOR_STRANGERS, *FORMS] else "1 MiB"
        assert most in problem_of(answer, 413)["detail"], route


def test_a_body_of_exactly_one_mebibyte_is_read(somebody: Somebody) -> None:
    start, end = b'{"title": "', b'"}'
    body = start + b"x" * (MAX_BODY_BYTES - len(start) - len(end)) + end
    assert len(body) == MAX_BODY_BYTES
    problem = problem_of(post(somebody, "POST /v1/tasks", body), 422)
    assert problem["errors"][0]["type"] == "string_too_long"


def test_the_longest_of_everything_is_stored_as_it_is(ann: Person) -> None:
    """The limits are what they say, not one less."""
    task = ann.post("/v1/tasks", title="😀" * 255, description="é" * 10_000)
    assert (task["title"], task["description"]) == ("😀" * 255, "é" * 10_000)
    assert ann.post("/v1/conversations", title="x" * 255)["title"] == "x" * 255
    answer = ann.chat("x" * 32_000, client_id="c" * 64)
    assert answer["user_message"]["content"] == "x" * 32_000
    assert ann.get(f"/v1/conversations/{answer['conversation_id']}")["title"] == "x" * 79 + "…"
    assert ann.patch("/v1/me", display_name="ü" * 100)["display_name"] == "ü" * 100


def test_odd_but_good_text_comes_back_as_it_was(ann: Person) -> None:
    for odd in [
        "\u200bx",
        "a\u202eb",
        "e\u0301",
        "👩‍👩‍👧",
        "'; DROP TABLE tasks; --",
        '<script>"',
        "\x7f.",
        "\uffff.",
    ]:
        assert ann.post("/v1/tasks", title=odd)["title"] == odd
        assert ann.get("/v1/tasks", limit=1)["data"][0]["title"] == odd

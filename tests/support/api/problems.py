# support/api/problems.py -- what the answer to a refused request looks like (RFC 9457).
from typing import Any

import httpx

from errors.problem_types import PREFIX, PROBLEM_TYPES

# A mark by which an input would be found in the answer.
MARK = "s3cret-mark"


def problem_of(answer: httpx.Response, *statuses: int) -> dict[str, Any]:
    """The problem of a refusal with one of these statuses, in the form that all of them have."""
    request = f"{answer.request.method} {answer.request.url}"[:200]
    assert answer.status_code in statuses, f"{request}: {answer.status_code} {answer.text[:500]}"
    assert answer.headers["content-type"] == "application/problem+json", request
    problem: dict[str, Any] = answer.json()
    assert list(problem)[:4] == ["type", "title", "status", "detail"]
    assert problem["status"] == answer.status_code
    name = problem["type"].removeprefix(PREFIX)
    assert name == problem["title"].lower().replace(" ", "-")
    assert PROBLEM_TYPES[name].status == problem["status"]
    assert len(problem["detail"]) > 5
    if answer.status_code == 422:
        assert problem["errors"] != []
        assert all(
            error.keys() == {"loc", "pointer", "msg", "type"} and error["msg"] for error in problem["errors"]
        )
    else:
        assert problem.keys() == {"type", "title", "status", "detail"}
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"] in ("Bearer", 'Bearer error="invalid_token"')
    if answer.status_code == 429:
        assert int(answer.headers["Retry-After"]) > 0
    assert MARK not in answer.text
    assert len(answer.content) < 20_000
    return problem

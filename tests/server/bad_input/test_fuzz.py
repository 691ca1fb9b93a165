# test_fuzz.py -- whatever the description allows, and most of what it does not, is answered as described.


from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import main
from support.api.bad_input import Somebody
from support.servers import Server


@pytest.fixture(scope="module")
def described(server: Server) -> Any:
    return schemathesis.openapi.from_dict(server.app.openapi())


# The same ones each time; each costs 20 ms, most of them for putting it together. More with --all-engines.
EXAMPLES, MORE_EXAMPLES = 4, 10
BOUNDED = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
MODES = list(schemathesis.GenerationMode)


def documented_operations() -> list[str]:
    """Collected without a server: the table of bodies and the paths of the app that settings do not change."""
    from support.servers import settings_for

    app = main.create_app(settings_for("sqlite:///nowhere.db"))
    paths = app.openapi()["paths"]
    endless = {"GET /v1/events/stream"}
    return sorted(
        {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods} - endless
    )


# Why a request is refused that the description allows, by its problem or the field that is wrong: no schema tells.
PROBLEMS = {
    "invalid-cursor": "a cursor is one that this list gave",
    "invalid-position": "a position is one that this stream gave",
    "idempotency-key-reused": "a key belongs to one request",
    "precondition-failed": "a tag is that of the row as it is now",
    "file-format": "a file is told by its contents",
    "unknown-model": "the operator names the models",
    "password-wrong": "a password is the user's",
}
VISIBLE = "a text has something to be seen"
FIELDS = {
    "title": VISIBLE,
    "name": VISIBLE,
    "content": VISIBLE,
    "message": VISIBLE,
    "display_name": VISIBLE,
    "description": VISIBLE,
    "instructions": VISIBLE,
    "before": "a message is one of the conversation, and not named with after",
    "after": "a message is one of the conversation, and not named with before",
    "from": "a span has its days in order",
    "to": "a span has its days in order",
    "due_after": "a moment is one that databases can hold",
    "due_before": "a moment is one that databases can hold",
    "completed_after": "a moment is one that databases can hold",
    "completed_before": "a moment is one that databases can hold",
    "due_at": "a moment is one that databases can hold",
    "due_on": "a day is of the years 1970 to 2999",
    "reminder_at": "a moment is one that databases can hold",
    "model": "only hosted agents have a model",
    "participant_ids": "only conversations of people have participants",
    "due_timezone": "a zone is one of the IANA's",
    "timezone": "a zone is one of the IANA's",
    "language": "a language is one of BCP 47",
    "repeats": "a rule is one of RFC 5545",
    "email": "an address is one of RFC 5322",
    "password": "a password is none of those that everybody tries",
    "new_password": "a password is none of those that everybody tries",
    "wait": "1.0 is an integer for a schema, and none for Python",
    "text": "there is one text, or several",
    "texts": "there is one text, or several",
    "tools": "a tool is named once",
    "scopes": "a scope is named once, and write with read",
}


def list_checks(answer: Any) -> list[Any]:
    checks = [status_code_conformance, content_type_conformance, response_schema_conformance]
    checks += [response_headers_conformance, negative_data_rejection]
    return (
        checks
        if answer.status_code >= 400 and has_reason(answer.json())
        else [*checks, positive_data_acceptance]
    )


def has_reason(problem: dict[str, Any]) -> bool:
    if problem["type"].rpartition(":")[2] in PROBLEMS:
        return True
    places = [{str(part) for part in error["loc"]} for error in problem.get("errors", [])]
    return bool(places) and not any(FIELDS.keys().isdisjoint(place) for place in places)


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)  # the stricter of the two
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("route", documented_operations())
def test_anything_that_the_description_allows_and_most_that_it_does_not_is_answered_as_described(
    server: Server, somebody: Somebody, described: Any, route: str, mode: Any, pytestconfig: pytest.Config
) -> None:
    method, path = route.split(" ")
    operation = described[path][method]
    ending = route in ("POST /v1/auth/logout", "DELETE /v1/me", "DELETE /v1/me/sessions/{session_id}")
    person = server.person() if ending else somebody.person
    chosen = st.sampled_from(
        [{}, {name: value for name, value in somebody.ids.items() if "{" + name + "}" in path}]
    )
    destructive = method == "DELETE"

    @settings(BOUNDED, max_examples=MORE_EXAMPLES if pytestconfig.getoption("all_engines") else EXAMPLES)
    @given(data=st.data())
    def answered(data: st.DataObject) -> None:
        known = {} if destructive else data.draw(chosen)
        given_ids = {"path_parameters": known} if known else {}
        case = data.draw(operation.as_strategy(generation_mode=mode, **given_ids))
        headers = {"Authorization": person.http.headers["Authorization"], "Connection": "close"}
        answer = case.call(base_url=server.base_url, headers=headers)
        assert answer.status_code < 500, case.as_curl_command()
        if answer.status_code in (400, 405) and mode is schemathesis.GenerationMode.NEGATIVE:
            assert answer.headers["content-type"] == ["application/problem+json"]
            return
        if answer.status_code == 404 and "{" not in path:
            return  # a path that leads elsewhere
        if answer.headers.get("content-type", [""])[0].startswith("text/event-stream"):
            return  # in place of JSON, for who asks so; other tests hold its events against their shapes
        case.validate_response(answer, checks=list_checks(answer))

    with suppress(Unsatisfiable):  # where there is nothing to get wrong
        answered()

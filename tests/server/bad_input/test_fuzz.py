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
        checks = [status_code_conformance, content_type_conformance, response_schema_conformance]
        case.validate_response(answer, checks=checks)

    with suppress(Unsatisfiable):  # where there is nothing to get wrong
        answered()

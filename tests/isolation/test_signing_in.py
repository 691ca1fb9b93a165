# test_signing_in.py -- which routes answer without signing in, and how the others refuse.


import pytest

from support.api.isolation import ROUTES, Attempt, Open, Own, Theirs, send
from support.api.problems import problem_of
from support.servers import Server

# Whoever shows nothing is refused before the database is asked.
pytestmark = pytest.mark.engines("sqlite")

SIGNED_IN = [route for route, way in ROUTES.items() if isinstance(way, (list, Own))]


@pytest.mark.busy
def test_a_route_that_is_not_for_everybody_refuses_who_is_not_signed_in(
    server: Server, theirs: Theirs
) -> None:
    nobody = server.client()
    strangers = [server.client(Authorization=given) for given in ("Bearer nonsense", "Basic YTpi")]
    for route in SIGNED_IN:
        way = ROUTES[route]
        attempt = (
            way[0] if isinstance(way, list) else Attempt(body=way.body if isinstance(way, Own) else None)
        )
        for client in (nobody, *strangers):
            problem_of(send(client, route, attempt, theirs.ids), 401)


def test_a_route_for_everybody_answers_who_is_not_signed_in(server: Server) -> None:
    nobody = server.client()
    for route, way in ROUTES.items():
        if isinstance(way, Open):
            answer = send(nobody, route, Attempt(way.path), {})
            expected = way.status or (200 if route.startswith("GET") else 422)
            assert answer.status_code == expected, (route, answer.text)
            assert not answer.cookies, route


def test_the_description_says_which_routes_need_signing_in(server: Server) -> None:
    described = {
        f"{method.upper()} {path}"
        for path, operations in server.app.openapi()["paths"].items()
        for method, operation in operations.items()
        if operation.get("security") not in ([], [{"ConsoleSession": []}])
    }
    # Document 001's paths without a version are described under /v1.
    assert described == {route for route in SIGNED_IN if " /chats/" not in route}

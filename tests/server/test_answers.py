# test_answers.py -- what RFC 9110 asks of answers: entity tags, places, links, methods, media types, preferences.
import gzip
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from routes.dependencies import FOR_ANYONE
from routes.route import Deprecation, Route
from server.pieces import PIECE_BYTES
from support.api.problems import problem_of
from support.servers import Person, Server, serving, settings_for

NO_BODY = b""


@pytest.fixture
def task(ann: Person) -> httpx.Response:
    return ann.http.post("/v1/tasks", json={"title": "Buy milk"})


@pytest.mark.also_on_mariadb
def test_a_change_is_made_only_to_what_was_read(ann: Person, task: httpx.Response) -> None:
    path = task.headers["location"]
    read = ann.http.get(path)
    tags = {task.headers["etag"], read.headers["etag"]}
    assert len(tags) == 1
    [tag] = tags
    changed = ann.http.patch(path, json={"title": "Buy oat milk"}, headers={"If-Match": f'"x", {tag}'})
    assert changed.status_code == 200
    assert changed.headers["etag"] == ann.http.get(path).headers["etag"] != tag
    for method in ("PATCH", "DELETE"):
        body = {"json": {"title": "Buy tea"}} if method == "PATCH" else {}
        for stale in (tag, "nonsense", f"W/{changed.headers['etag']}"):
            problem_of(ann.http.request(method, path, headers={"If-Match": stale}, **body), 412)
    assert ann.get(path)["title"] == "Buy oat milk"
    assert ann.http.patch(path, json={"completed": True}, headers={"If-Match": "*"}).status_code == 200
    newest = ann.http.get(path).headers["etag"]
    assert ann.http.delete(path, headers={"If-Match": newest}).status_code == 204
    problem_of(ann.http.delete(path, headers={"If-Match": newest}), 404)


@pytest.mark.also_on_mariadb
def test_a_conversation_has_changed_once_something_is_said_in_it(ann: Person) -> None:
    path = ann.http.post("/v1/conversations", json={"title": "Shopping"}).headers["location"]
    tag = ann.http.get(path).headers["etag"]
    renamed = ann.http.patch(path, json={"title": "Food"}, headers={"If-Match": tag})
    assert renamed.headers["etag"] == ann.http.get(path).headers["etag"]
    ann.post(f"{path}/messages", content="hello")
    for method in ("PATCH", "DELETE"):
        body = {"json": {"title": "Tea"}} if method == "PATCH" else {}
        stale = {"If-Match": renamed.headers["etag"]}
        problem_of(ann.http.request(method, path, headers=stale, **body), 412)
    newest = ann.http.get(path).headers["etag"]
    assert ann.http.delete(path, headers={"If-Match": newest}).status_code == 204


@pytest.mark.engines("sqlite")
def test_what_is_known_is_not_sent_again(ann: Person, bob: Person, task: httpx.Response) -> None:
    for path in ("/v1/tasks", task.headers["location"], "/v1/me", "/openapi.json"):
        first = ann.http.get(path)
        tag = first.headers["etag"]
        for known in (tag, f'"x", {tag}', f"W/{tag.removeprefix('W/')}"):
            again = ann.http.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, NO_BODY, tag), path
        assert ann.http.get(path, headers={"If-None-Match": '"x"'}).content == first.content
    tag = ann.http.get("/v1/tasks").headers["etag"]
    ann.post("/v1/tasks", title="Buy tea")
    assert ann.http.get("/v1/tasks", headers={"If-None-Match": tag}).status_code == 200
    # Another's list has another tag, also for who knows that of the first.
    assert bob.http.get("/v1/tasks", headers={"If-None-Match": tag}).json()["data"] == []


@pytest.mark.engines("sqlite")
def test_what_was_made_says_where_it_is_also_when_the_request_is_repeated(ann: Person) -> None:
    key = {"Idempotency-Key": "one"}
    for path, body in (
        ("/v1/tasks", {"title": "Buy milk"}),
        ("/v1/conversations", {"title": "Food"}),
        ("/v1/accounts", {"name": "Bakery"}),
    ):
        made = [ann.http.post(path, json=body, headers=key) for _ in range(2)]
        assert [answer.status_code for answer in made] == [201, 201]
        assert {answer.headers["location"] for answer in made} == {f"{path}/{made[0].json()['id']}"}
        assert ann.get(made[0].headers["location"])["id"] == made[0].json()["id"]
        key = {"Idempotency-Key": path}
    token = ann.http.post("/v1/me/tokens", json={"name": "A program", "scopes": ["read"]})
    assert (token.status_code, "location" in token.headers) == (201, False)  # none is read by itself


@pytest.mark.engines("sqlite")
def test_pages_link_to_the_next_one(ann: Person) -> None:
    for title in "abcde":
        ann.post("/v1/tasks", title=title)
    seen, path = [], "/v1/tasks?limit=2&completed=false"
    while path:
        page = ann.http.get(path)
        seen += [task["title"] for task in page.json()["data"]]
        link = page.headers.get("link", "")
        assert link.endswith('; rel="next"') == bool(page.json()["next_cursor"])
        path = link.partition(">")[0].removeprefix("<")
    assert seen == ["e", "d", "c", "b", "a"]


@pytest.mark.engines("sqlite")
def test_a_path_names_all_its_methods(server: Server, ann: Person) -> None:
    for method, path, allowed in (
        ("PUT", "/v1/tasks", "HEAD, GET, POST"),
        ("POST", "/v1/me", "HEAD, DELETE, GET, PATCH"),
        ("OPTIONS", "/v1/chats/a/b", "HEAD, GET, POST"),
        ("DELETE", "/v1/auth/token", "POST"),
    ):
        answer = ann.http.request(method, path)
        problem_of(answer, 405)
        assert answer.headers["allow"] == allowed


@pytest.mark.engines("sqlite")
def test_a_body_of_another_kind_is_refused_by_name(server: Server, ann: Person) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"):
        headers = {"Content-Type": kind} if kind else {}
        refused = ann.http.post("/v1/tasks", content=b'{"title": "x"}', headers=headers)
        assert "application/json" in problem_of(refused, 415)["detail"]
    for kind in ("application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"):
        taken = ann.http.post("/v1/tasks", content=b'{"title": "x"}', headers={"Content-Type": kind})
        assert taken.status_code == 201
    refused = server.client().post("/v1/auth/token", content=b"x", headers={"Content-Type": "text/plain"})
    assert "urlencoded" in problem_of(refused, 415)["detail"]
    broken = ann.http.post("/v1/tasks", content=b'{"title": ', headers={"Content-Type": "application/json"})
    assert "character 10" in problem_of(broken, 400)["detail"]


@pytest.mark.engines("sqlite")
def test_a_parameter_that_is_misspelt_is_refused(ann: Person) -> None:
    problem = problem_of(ann.http.get("/v1/tasks?complted=true&limit=5"), 422)
    assert [error["loc"] for error in problem["errors"]] == [["query", "complted"]]
    problem_of(ann.http.post("/v1/tasks?x=1", json={"title": "x"}), 422)


@pytest.mark.engines("sqlite")
def test_long_answers_are_compressed_and_streams_are_not(ann: Person) -> None:
    for _ in range(30):
        ann.post("/v1/tasks", title="Buy milk", description="y" * 4_000)
    plain = ann.http.get("/v1/tasks", headers={"Accept-Encoding": "identity"})
    assert len(plain.content) > PIECE_BYTES
    assert "content-encoding" not in plain.headers
    for coding in ("gzip", "br", "zstd"):
        with ann.http.stream("GET", "/v1/tasks", headers={"Accept-Encoding": coding}) as answer:
            raw = b"".join(answer.iter_raw())
        assert (answer.headers["content-encoding"], answer.headers["etag"]) == (coding, plain.headers["etag"])
        assert len(raw) < len(plain.content) / 10
        assert coding != "gzip" or gzip.decompress(raw) == plain.content
    assert "content-encoding" not in ann.http.get("/v1/me", headers={"Accept-Encoding": "gzip"}).headers
    stream = ann.http.post("/v1/chat/stream", json={"message": "hello"}, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in stream.headers


@pytest.mark.engines("sqlite")
def test_who_does_not_wait_finds_the_answer_later(ann: Person) -> None:
    begun = ann.http.post("/v1/chat", json={"message": "hello"}, headers={"Prefer": "respond-async"})
    assert begun.status_code in (200, 202)  # it may have been answered meanwhile
    path = f"/v1/runs/{begun.json()['run_id']}/answer"
    if begun.status_code == 202:
        assert (begun.headers["location"], begun.headers["preference-applied"]) == (path, "respond-async")
    answer = ann.get(path, wait=20)
    assert (answer["status"], answer["user_message"]["content"]) == ("completed", "hello")
    assert answer["message"]["content"]


@pytest.mark.engines("sqlite")
def test_the_preference_to_wait_is_that_of_the_body(ann: Person, server: Server) -> None:
    account_id = ann.get("/v1/accounts")["data"][0]["id"]
    agents = f"/v1/accounts/{account_id}/agents"
    agent_id = ann.post(agents, name="Away", kind="external")["id"]
    said = {"message": "hello", "agent_id": agent_id}
    for headers, status in (
        ({"Prefer": "wait=0"}, 200),
        ({"Prefer": "respond-async"}, 202),
        ({"Prefer": "respond-async, wait=0"}, 202),
    ):
        begun = ann.http.post("/v1/chat", json=said, headers=headers)
        assert (begun.status_code, begun.json()["status"]) == (status, "queued")
        assert ann.get(f"/v1/runs/{begun.json()['run_id']}/answer")["message"] is None


@pytest.mark.engines("sqlite")
def test_known_addresses_lead_where_programs_look(server: Server) -> None:
    nobody = server.client()
    assert nobody.get("/.well-known/change-password").headers["location"] == "/#/settings"
    assert "Disallow: /" in nobody.get("/robots.txt").text
    problem_of(nobody.get("/.well-known/security.txt"), 404)
    url = server.settings.database_url.get_secret_value()
    with serving(settings_for(url, security_contact="mailto:security@example.com")) as told:
        lines = dict(
            line.split(": ") for line in told.client().get("/.well-known/security.txt").text.splitlines()
        )
    assert lines["Contact"] == "mailto:security@example.com"
    assert datetime.fromisoformat(lines["Expires"]) > datetime.now(UTC)


def test_a_route_that_will_go_says_so_in_its_answers_and_in_the_description() -> None:
    class OldRoute(Route):
        deprecation = Deprecation(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), "/new")

    app = FastAPI()
    app.router.route_class = OldRoute

    @app.get("/old", dependencies=[FOR_ANYONE])
    async def get_old() -> dict[str, str]:
        return {}

    with TestClient(app) as client:
        headers = client.get("/old").headers
    assert headers["deprecation"] == "@1767225600"
    assert headers["sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
    assert headers["link"] == '</new>; rel="successor-version"'
    assert app.openapi()["paths"]["/old"]["get"]["deprecated"] is True

# test_response_headers.py -- what goes around every answer: the headers, and HEAD wherever there is GET.
import uuid
from collections.abc import Iterator

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from support.servers import PASSWORD, Person, Server, serving, settings_for

ON_ONE_ENGINE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True, scope="session")
BEHIND_TLS = "strict-transport-security"


def paths(server: Server, ids: dict[str, str]) -> Iterator[str]:
    """Every path with a GET, filled with things that are there."""
    for context in iter_route_contexts(server.app.routes):
        if "GET" in context.methods:  # type: ignore[attr-defined]
            path = context.path.replace(":path", "")  # type: ignore[attr-defined]
            path = path.replace("{conversation_id}/participants", "{group_id}/participants").format(**ids)
            path = path.replace("/docs/scripts/main.js", "/docs/docs.js")
            yield f"{path}?q=milk" if path == "/v1/search" else path


@pytest.fixture
def ids(ann: Person) -> dict[str, str]:
    answer = ann.chat("add buy milk")
    agent_id = ann.post(f"/v1/accounts/{ann.id}/agents", name="Support")["id"]
    return {
        "task_id": ann.post("/v1/tasks", title="Call mom")["id"],
        "conversation_id": answer["conversation_id"],
        "message_id": answer["user_message"]["id"],
        "run_id": answer["run_id"],
        "account_id": str(ann.id),  # everybody's own account
        "agent_id": agent_id,
        "group_id": ann.post("/v1/conversations", kind="group", title="Ours")["id"],
        "chat_id": ann.post(f"/v1/chats/{ann.id}/{agent_id}")["id"],
        "name": "scripts/main.js",
        "model": "parley",
        "path": "embeddings",
        "response_id": f"resp_{answer['run_id']}",
    }


def is_idle_chat(path: str) -> bool:
    return path.startswith("/ai-sdk/") and path.endswith("/stream")


# Nobody is named, and the settings are elsewhere.
ANSWERED = {
    "/.well-known/security.txt": 404,
    "/.well-known/change-password": 303,
    "/oauth/authorize": 303,
    "/openai/v1/embeddings": 404,
}


@pytest.mark.engines("sqlite")
@pytest.mark.busy
def test_head_gives_the_headers_of_get_and_no_body(server: Server, ann: Person, ids: dict[str, str]) -> None:
    asked = list(paths(server, ids))
    assert {"/healthz", "/readyz", "/", "/openapi.json", "/v1/tasks", "/v1/events/stream"} <= {*asked}
    for path in asked:
        head = ann.http.head(path)
        with ann.http.stream("GET", path) as get:
            unlike = {"date", "x-request-id", "content-security-policy"}  # the policy has a nonce
            expected = {name: value for name, value in get.headers.items() if name not in unlike}
            found = {name: value for name, value in head.headers.items() if name not in unlike}
            expected.pop("transfer-encoding", None)
            found.pop("transfer-encoding", None)
            assert (path, head.status_code, head.content, found) == (path, get.status_code, b"", expected)
            assert get.status_code == (204 if is_idle_chat(path) else ANSWERED.get(path, 200))


@ON_ONE_ENGINE
def test_head_does_not_begin_a_stream(server: Server, ann: Person, ids: dict[str, str]) -> None:
    for path in ("/v1/events/stream", f"/v1/runs/{ids['run_id']}/events"):
        assert ann.http.head(path).headers["content-type"].startswith("text/event-stream")
    assert server.state.open_streams._of_credentials == {}
    assert server.client().head("/v1/events/stream").status_code == 401
    assert ann.http.head(f"/v1/runs/{uuid.uuid4()}/events").status_code == 404


@ON_ONE_ENGINE
def test_head_of_what_has_no_get_is_refused_as_get_is(ann: Person) -> None:
    for path in ("/v1/chat", "/mcp", "/v1/auth/token"):
        assert ann.http.head(path).status_code == ann.http.get(path).status_code == 405


def kept_by_nobody(answer: httpx.Response) -> None:
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "no-store" in answer.headers["cache-control"]
    assert BEHIND_TLS not in answer.headers
    for name in ("x-content-type-options", "referrer-policy", "cache-control"):
        assert len(answer.headers.get_list(name)) == 1


@ON_ONE_ENGINE
def test_answers_are_not_guessed_at_and_kept_by_nobody(
    server: Server, ann: Person, ids: dict[str, str]
) -> None:
    for path in ("/v1/me", "/v1/tasks", f"/v1/conversations/{ids['conversation_id']}/messages"):
        answer = ann.http.get(path)
        kept_by_nobody(answer)
        assert answer.headers["cache-control"] == "private, no-store"
    kept_by_nobody(ann.http.post("/v1/tasks", json={"title": "x"}))
    kept_by_nobody(ann.http.post("/v1/tasks", json={"title": ""}))
    kept_by_nobody(ann.http.get("/v1/tasks/nothing"))
    kept_by_nobody(ann.http.post("/v1/tasks", content=b"x" * (2 * 1024 * 1024)))
    kept_by_nobody(server.client().get("/v1/me"))
    kept_by_nobody(server.client().get("/nowhere"))
    kept_by_nobody(server.client().post("/mcp"))


@pytest.mark.parametrize(
    ("changes", "headers", "is_https"),
    [
        ({"public_url": "https://parley.example.com"}, {}, True),
        ({"public_url": "http://parley.example.com"}, {"X-Forwarded-Proto": "https"}, False),
        ({"trusted_proxies": "127.0.0.1"}, {"X-Forwarded-Proto": "https"}, True),
        ({"trusted_proxies": "127.0.0.1"}, {"X-Forwarded-Proto": "http"}, False),
    ],
)
def test_behind_tls_browsers_are_told_to_stay_there(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, str], headers: dict[str, str], is_https: bool
) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('https') / 'parley.db'}"
    with serving(settings_for(url, **changes)) as server:
        http = server.client(**headers)
        answer = http.get("/healthz")
        assert answer.headers.get(BEHIND_TLS) == ("max-age=31536000" if is_https else None)
        email = server.register()
        console = {"X-Parley-Console": "1"}
        answer = http.post("/v1/web/session", json={"email": email, "password": PASSWORD}, headers=console)
        assert ("Secure" in answer.headers["set-cookie"].split("; ")) == is_https

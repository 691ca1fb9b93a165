# test_attacks.py -- what a thief, another app or a forger gets by OAuth: nothing, or the end of what was stolen.
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from support.clients.oauth_client import CALLBACK, App, call_mcp, decide, open_app, read_answer, register
from support.clock import pass_time
from support.servers import Person, Server, serving, settings_for

FORM = "application/x-www-form-urlencoded"
ON_SQLITE = pytest.mark.engines("sqlite")
EVERY_ENGINE = pytest.mark.also_on_mariadb


@EVERY_ENGINE
def test_a_code_that_comes_twice_ends_what_it_gave(server: Server, ann: Person) -> None:
    app = open_app(server)
    code = app.get_code(ann)
    tokens = app.exchange(code).json()
    assert app.exchange(code).json()["error"] == "invalid_grant"
    assert call_mcp(server, tokens["access_token"]).status_code == 401
    assert app.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert ann.get("/v1/me/tokens")["data"] == []


@ON_SQLITE
@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": ""},
        {"redirect_uri": "http://127.0.0.1:33418/other"},
        {"redirect_uri": ""},
        {"resource": "https://elsewhere.example/mcp"},
    ],
)
def test_a_code_without_its_proof_is_used_up(server: Server, ann: Person, changes: dict[str, str]) -> None:
    app = open_app(server)
    code = app.get_code(ann)
    assert app.exchange(code, **changes).json()["error"] == "invalid_grant"
    assert app.exchange(code).json()["error"] == "invalid_grant"
    assert ann.get("/v1/me/tokens")["data"] == []


def test_a_code_is_of_no_use_to_another_app(server: Server, ann: Person) -> None:
    app, other = open_app(server), open_app(server)
    code = app.get_code(ann)
    stolen = App(server, other.client_id, verifier=app.verifier)
    assert stolen.exchange(code).json()["error"] == "invalid_grant"
    assert ann.get("/v1/me/tokens")["data"] == []


def test_tokens_are_of_no_use_to_another_app(server: Server, ann: Person) -> None:
    app, other = open_app(server), open_app(server)
    tokens = app.connect(ann)
    stolen = App(server, other.client_id)
    assert stolen.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert stolen.revoke(tokens["refresh_token"]).status_code == 200
    assert call_mcp(server, tokens["access_token"]).status_code == 200
    assert app.refresh(tokens["refresh_token"]).status_code == 200


def test_a_code_lasts_a_minute(server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_app(server)
    code = app.get_code(ann)
    pass_time(monkeypatch, seconds=61)
    assert app.exchange(code).json()["error"] == "invalid_grant"


@EVERY_ENGINE
def test_an_old_refresh_token_ends_the_app(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app(server)
    first = app.connect(ann)
    second = app.refresh(first["refresh_token"]).json()
    pass_time(monkeypatch, seconds=31)
    assert app.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert call_mcp(server, second["access_token"]).status_code == 401
    assert app.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_lost_answer_costs_nothing_and_a_third_use_ends_the_app(server: Server, ann: Person) -> None:
    app = open_app(server)
    first = app.connect(ann)
    assert app.refresh(first["refresh_token"]).status_code == 200
    again = app.refresh(first["refresh_token"]).json()
    assert call_mcp(server, again["access_token"]).status_code == 200
    assert app.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert call_mcp(server, again["access_token"]).status_code == 401


@ON_SQLITE
def test_a_refresh_widens_nothing(server: Server, ann: Person) -> None:
    app = open_app(server)
    tokens = app.connect(ann, scope="tasks:read")
    assert tokens["scope"] == "tasks:read"
    assert app.refresh(tokens["refresh_token"], scope="tasks:read write").json()["error"] == "invalid_scope"
    assert app.refresh(tokens["refresh_token"], scope="tasks:read").json()["scope"] == "tasks:read"


@ON_SQLITE
def test_an_access_token_is_no_refresh_token_and_the_other_way_round(server: Server, ann: Person) -> None:
    app = open_app(server)
    tokens = app.connect(ann)
    assert app.refresh(tokens["access_token"]).json()["error"] == "invalid_grant"
    assert call_mcp(server, tokens["refresh_token"]).status_code == 401


def test_a_token_counts_at_the_address_alone_that_it_was_made_for(server: Server, ann: Person) -> None:
    tokens = open_app(server).connect(ann)
    http = server.client(Authorization=f"Bearer {tokens['access_token']}")
    for path in ("/v1/tasks", "/v1/me", "/openai/v1/models", "/v1/events/stream"):
        assert http.get(path).status_code == 401
    other = server.base_url.replace("127.0.0.1", "localhost").partition("//")[2]
    sent = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert http.post("/mcp", json=sent, headers={"Host": other}).status_code == 401
    assert http.post("/mcp", json=sent).status_code == 200


@ON_SQLITE
def test_an_access_token_ends_by_itself(server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_app(server)
    tokens = app.connect(ann)
    pass_time(monkeypatch, seconds=tokens["expires_in"] + 1)
    assert call_mcp(server, tokens["access_token"]).status_code == 401
    assert app.refresh(tokens["refresh_token"]).status_code == 200


FOREIGN = [
    "https://evil.example/callback",
    "http://127.0.0.1:33418/callback/",
    "http://127.0.0.1:33418/callback?next=https://evil.example",
    "http://127.0.0.1:33418/callback#x",
    "http://127.0.0.1:33418@evil.example/callback",
    "http://127.0.0.1.evil.example:33418/callback",
    "http://localhost:33418/callback",
    "https://127.0.0.1:33418/callback",
    "http://127.0.0.1:33418\\@evil.example/callback",
    "http://127.0.0.1:33418/../callback",
    "HTTP://127.0.0.1:33418/%63allback",
    "//evil.example/callback",
    "",
    "http://[::1]:33418/callback",
]


@ON_SQLITE
@pytest.mark.parametrize("uri", FOREIGN)
def test_nobody_is_sent_to_an_address_that_is_not_the_apps_own(server: Server, ann: Person, uri: str) -> None:
    app = open_app(server)
    for changes in ({}, {"response_type": "token"}, {"scope": "nonsense"}, {"code_challenge": "x"}):
        for path, more in (("", {}), ("/decision", {"approve": True}), ("/decision", {"approve": False})):
            asked = {**app.ask(redirect_uri=uri, **changes), **more}
            answer = ann.http.post(f"/v1/web/consent{path}", json=asked)
            assert answer.status_code == 422
            assert answer.json()["type"] == "urn:parley:problem:app-request"
            assert "redirect_to" not in answer.json()
    opened = ann.http.get("/oauth/authorize", params=app.ask(redirect_uri=uri), follow_redirects=False)
    assert opened.headers["location"].startswith("/#authorize?")


@ON_SQLITE
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": ""}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": "x" * 44}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"resource": "https://elsewhere.example/mcp"}, "invalid_target"),
        ({"scope": "nonsense admin"}, "invalid_scope"),
    ],
)
def test_a_wrong_request_tells_the_app_and_asks_nobody(
    server: Server, ann: Person, changes: dict[str, str], error: str
) -> None:
    app = open_app(server)
    for path, more in (("", {}), ("/decision", {"approve": True})):
        answer = ann.http.post(f"/v1/web/consent{path}", json={**app.ask(**changes), **more})
        assert answer.status_code == 422
        redirect_to = answer.json()["redirect_to"]
        assert redirect_to.startswith(f"{CALLBACK}?")
        told = read_answer(redirect_to)
        assert (told["error"], told["state"], told["iss"]) == (error, "of-this-app", server.base_url)


@ON_SQLITE
@pytest.mark.parametrize(
    "uri",
    [
        "http://evil.example/callback",
        "http://127.0.0.1.evil.example/",
        "javascript://x/%0aalert(1)",
        "JavaScript://x/",
        "data:text/html,x",
        "data://x/",
        "file:///etc/passwd",
        "vbscript://x",
        "ms-msdt://x",
        "view-source:https://a.example",
        "blob:https://a.example/1",
        "https://user:secret@a.example/",
        "https://a.example/#x",
        "https:///x",
        "https://a.example/\\x",
        "https://a.example/ü",
        "https://a.example/a b",
        "https://a.example:99999999/",
        "/callback",
        "app:/callback",
        "x" * 1_001,
        "https://a.example/" + "x" * 1_000,
    ],
)
def test_addresses_that_do_harm_cannot_be_registered(server: Server, uri: str) -> None:
    answer = register(server, CALLBACK, uri)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_redirect_uri"


@ON_SQLITE
@pytest.mark.parametrize("uri", ["cursor://anysphere.cursor-retrieval/callback", "com.example.app://x/y"])
def test_an_apps_own_scheme_can_be_registered(server: Server, ann: Person, uri: str) -> None:
    app = open_app(server, uri)
    assert ann.post("/v1/web/consent", **app.ask())["redirect_host"] == f"{urlsplit(uri).scheme}:"
    assert decide(ann, app.ask()).startswith(f"{uri}?code=")


@ON_SQLITE
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"{}",
        b'{"redirect_uris": []}',
        b'{"redirect_uris": "https://a.example/"}',
        b'{"redirect_uris": [1]}',
        b'{"redirect_uris": ["https://a.example/"], "client_name": 1}',
        b'{"redirect_uris": [%s]}' % b", ".join(b'"https://a.example/%d"' % number for number in range(11)),
        b"[" * 5_000,
    ],
)
def test_a_registration_that_is_none_is_refused_in_oauths_words(server: Server, body: bytes) -> None:
    answer = server.client().post(
        "/oauth/register", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_client_metadata"


@ON_SQLITE
@pytest.mark.parametrize(
    ("content", "kind", "error"),
    [
        (b"", FORM, "invalid_request"),
        (b"{}", "application/json", "invalid_request"),
        (b"grant_type=password&client_id=x", FORM, "unsupported_grant_type"),
        (b"grant_type=a&grant_type=b&client_id=x", FORM, "invalid_request"),
        (b"client_id=%ff", FORM, "invalid_request"),
        (b"&".join(b"a%d=1" % n for n in range(40)), FORM, "invalid_request"),
        (
            b"grant_type=authorization_code&client_id=x&code=y",
            FORM,
            "invalid_grant",
        ),
        (
            b"grant_type=refresh_token&client_id=x&refresh_token=%00",
            FORM,
            "invalid_grant",
        ),
    ],
)
def test_a_wrong_exchange_is_refused_in_oauths_words(
    server: Server, content: bytes, kind: str, error: str
) -> None:
    answer = server.client().post("/oauth/token", content=content, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.headers["cache-control"] == "no-store"


@ON_SQLITE
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/register", "/oauth/revoke"])
def test_long_bodies_and_foreign_names_are_refused(server: Server, path: str) -> None:
    kind = "application/json" if path == "/oauth/register" else FORM
    answer = server.client().post(path, content=b"a" * 17_000, headers={"Content-Type": kind})
    assert answer.status_code == 413
    answer = server.client().post(path, headers={"Host": "evil.example"})
    assert answer.status_code == 421


@ON_SQLITE
def test_the_way_to_the_console_is_bounded(server: Server) -> None:
    http = server.client()
    for query in ("x" * 7_000, "a=\xff"):
        answer = http.get("/oauth/authorize?" + query, follow_redirects=False)
        assert answer.status_code in (303, 400)
        assert answer.headers.get("location", "/#authorize?").startswith("/#authorize?")
    assert http.get("/oauth/authorize?" + "x" * 7_000).status_code == 400


@ON_SQLITE
def test_only_a_session_decides(server: Server, ann: Person) -> None:
    asked = {**open_app(server).ask(), "approve": True}
    assert server.client().post("/v1/web/consent/decision", json=asked).status_code == 401
    token = ann.post("/v1/me/tokens", name="A program", scopes=["read", "write"])["token"]
    app_token = open_app(server).connect(ann)["access_token"]
    for stolen, status in ((token, 403), (app_token, 401)):
        http = server.client(Authorization=f"Bearer {stolen}")
        assert http.post("/v1/web/consent/decision", json=asked).status_code == status
        assert http.post("/v1/web/consent", json=asked).status_code == status


@ON_SQLITE
def test_a_decision_grants_nothing_that_was_not_asked_for(server: Server, ann: Person) -> None:
    app = open_app(server)
    code = read_answer(decide(ann, app.ask(scope="tasks:read"), scopes=["tasks:read", "write", "chat"]))[
        "code"
    ]
    assert app.exchange(code).json()["scope"] == "tasks:read"


@ON_SQLITE
def test_one_app_on_very_many_devices_is_let_in_on_the_latest(server: Server, ann: Person) -> None:
    app = open_app(server)
    tokens = [app.connect(ann) for _ in range(11)]
    counts = [call_mcp(server, one["access_token"]).status_code for one in tokens]
    assert counts.count(200) == 10
    assert counts[-1] == 200
    assert len(ann.get("/v1/me/tokens")["data"]) == 10


@pytest.fixture
def limited(database_url: str) -> Iterator[Server]:
    with serving(settings_for(database_url, rate_limits="on")) as server:
        yield server


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_flood_of_registrations_is_refused(limited: Server) -> None:
    answers = [register(limited).status_code for _ in range(22)]
    assert answers == [201] * 20 + [429] * 2
    refused = register(limited)
    assert refused.json()["error"] == "temporarily_unavailable"
    assert int(refused.headers["retry-after"]) > 0


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_guesses_of_codes_are_counted(limited: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from limits import RateLimitItemPerMinute

    monkeypatch.setattr("protocols.oauth.endpoints.EXCHANGES_PER_ADDRESS", RateLimitItemPerMinute(3))
    app = App(limited, "x")
    assert [app.exchange("guess").status_code for _ in range(4)] == [400, 400, 400, 429]


def test_registrations_go_unless_they_are_used(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, unused = open_app(server), open_app(server)
    tokens = used.connect(ann)
    pass_time(monkeypatch, days=2)
    again = server.sign_in(ann.email)
    refused = again.http.post("/v1/web/consent", json=unused.ask()).json()
    assert refused["detail"] == "This app is not known here. Remove Parley from the app, and add it again."
    server.run(server.state.worker.housekeeping.delete_expired())
    assert again.http.post("/v1/web/consent", json=used.ask()).status_code == 200
    assert used.refresh(tokens["refresh_token"]).status_code == 200

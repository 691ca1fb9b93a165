# test_flow.py -- an app comes in by OAuth: the official client, from a refusal to a call that is on record.
from typing import Any

import pytest
from mcp.shared.auth import OAuthMetadata, ProtectedResourceMetadata

from support.clients.mcp_client import ERAS, on_record
from support.clients.oauth_client import (
    CALLBACK,
    App,
    Storage,
    Visit,
    call_mcp,
    connected_by_oauth,
    decide,
    open_app,
    read_answer,
    register,
)
from support.servers import Person, Server, serving, settings_for

pytestmark = [pytest.mark.anyio]
ON_SQLITE = pytest.mark.engines("sqlite")


@pytest.mark.also_on_mariadb
@pytest.mark.busy
async def test_the_official_client_registers_is_let_in_and_works(server: Server, ann: Person) -> None:
    visit, storage = Visit(ann), Storage()
    async with connected_by_oauth(server, visit, ERAS[0], storage) as client:
        added = (await client.call_tool("add_task", {"title": "Buy milk"})).structured_content
    assert [task["id"] for task in ann.get("/v1/tasks")["data"]] == [added["id"]]
    [asked] = visit.asked
    assert asked["scope"] == "read write"
    assert asked["resource"] == f"{server.base_url}/mcp"
    [token] = ann.get("/v1/me/tokens")["data"]
    assert (token["name"], token["scopes"]) == ("The official client", ["read", "write"])
    assert token["client_id"] == storage.client.client_id  # type: ignore[union-attr]
    [said, _] = on_record(ann, "The official client")
    assert said["sender"] == {"type": "program", "id": token["id"], "name": "The official client"}


@ON_SQLITE
@pytest.mark.busy
async def test_the_official_client_of_the_former_protocol_comes_in_too(server: Server, ann: Person) -> None:
    async with connected_by_oauth(server, Visit(ann), "legacy") as client:
        assert "add_task" in [tool.name for tool in (await client.list_tools()).tools]


@ON_SQLITE
@pytest.mark.busy
async def test_the_official_client_renews_its_tokens_without_a_person(server: Server, ann: Person) -> None:
    visit, storage = Visit(ann), Storage()
    async with connected_by_oauth(server, visit, ERAS[0], storage) as client:
        await client.list_tools()
    first = storage.tokens
    assert first is not None
    storage.tokens = first.model_copy(update={"expires_in": -5})
    async with connected_by_oauth(server, visit, ERAS[0], storage) as client:
        await client.list_tools()
    assert len(visit.asked) in (1, 2)
    assert storage.tokens is not None
    assert len(ann.get("/v1/me/tokens")["data"]) == len(visit.asked)


@ON_SQLITE
def test_what_clients_read_first_is_as_the_standards_have_it(server: Server) -> None:
    http = server.client()
    paths = ("/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource")
    for path in paths:
        answer = http.get(path, headers={"Origin": "https://page.example"})
        assert answer.headers["access-control-allow-origin"] == "*"
        resource = ProtectedResourceMetadata.model_validate(answer.json())
        assert str(resource.resource) == f"{server.base_url}/mcp"
        assert [str(one) for one in resource.authorization_servers] == [server.base_url]
    answer = http.get("/.well-known/oauth-authorization-server", headers={"Origin": "https://page.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    described = OAuthMetadata.model_validate(answer.json())
    assert str(described.issuer) == server.base_url
    assert described.code_challenge_methods_supported == ["S256"]
    assert described.token_endpoint_auth_methods_supported == ["none"]
    assert described.client_id_metadata_document_supported
    assert described.authorization_response_iss_parameter_supported
    assert str(described.registration_endpoint) == f"{server.base_url}/oauth/register"


@ON_SQLITE
@pytest.mark.parametrize(
    "path", ["/oauth/token", "/oauth/register", "/oauth/revoke", "/.well-known/oauth-authorization-server"]
)
def test_pages_of_any_origin_may_ask(server: Server, path: str) -> None:
    headers = {"Origin": "https://page.example", "Access-Control-Request-Method": "POST"}
    answer = server.client().options(
        path, headers={**headers, "Access-Control-Request-Headers": "content-type, mcp-protocol-version"}
    )
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "MCP-Protocol-Version" in answer.headers["access-control-allow-headers"]


def test_a_person_sees_who_asks_and_what_for(server: Server, ann: Person) -> None:
    app = open_app(server, name="My editor")
    shown = ann.post("/v1/web/consent", **app.ask(scope="tasks:read nonsense write"))
    assert shown == {
        "client_name": "My editor",
        "client_host": None,
        "redirect_host": "127.0.0.1:33418",
        "scopes": ["read", "tasks:read", "write"],
        "resource": f"{server.base_url}/mcp",
    }


def test_the_answer_brings_code_state_and_issuer(server: Server, ann: Person) -> None:
    answer = read_answer(decide(ann, open_app(server).ask()))
    assert answer.keys() == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == ("of-this-app", server.base_url)


def test_a_person_who_says_no_sends_the_app_back_without_a_code(server: Server, ann: Person) -> None:
    redirect_to = decide(ann, open_app(server).ask(), approve=False)
    assert redirect_to.startswith(f"{CALLBACK}?error=access_denied&state=of-this-app&iss=")
    assert ann.get("/v1/me/tokens")["data"] == []


@pytest.mark.also_on_mariadb
def test_what_is_granted_may_be_less_than_what_was_asked(server: Server, ann: Person) -> None:
    app = open_app(server)
    code = read_answer(decide(ann, app.ask(), scopes=["read"]))["code"]
    tokens = app.exchange(code).json()
    assert tokens["scope"] == "read"
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == server.settings.access_token_minutes * 60
    call = call_mcp(server, tokens["access_token"], "tools/call", name="add_task", arguments={"title": "x"})
    assert call.status_code == 403 or call.json()["result"]["isError"]
    assert ann.get("/v1/tasks")["data"] == []


@pytest.mark.also_on_mariadb
def test_tokens_are_renewed_and_given_back(server: Server, ann: Person) -> None:
    app = open_app(server)
    first = app.connect(ann)
    assert call_mcp(server, first["access_token"]).status_code == 200
    second = app.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    for tokens in (first, second):  # an access token lasts until its end
        assert call_mcp(server, tokens["access_token"]).status_code == 200
    [listed] = ann.get("/v1/me/tokens")["data"]
    assert app.revoke(second["refresh_token"]).status_code == 200
    assert call_mcp(server, second["access_token"]).status_code == 401
    assert app.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
    assert ann.get("/v1/me/tokens")["data"] == []
    assert listed["client_id"] == app.client_id


def test_a_person_revokes_an_app_as_any_token(server: Server, ann: Person) -> None:
    app = open_app(server)
    tokens = app.connect(ann)
    [listed] = ann.get("/v1/me/tokens")["data"]
    ann.delete(f"/v1/me/tokens/{listed['id']}")
    assert call_mcp(server, tokens["access_token"]).status_code == 401
    assert app.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


@ON_SQLITE
def test_a_new_password_ends_apps_and_codes(server: Server, ann: Person) -> None:
    app = open_app(server)
    tokens, code = app.connect(ann), app.get_code(ann)
    ann.patch("/v1/me", current_password="correct horse battery", new_password="another long enough one")
    assert call_mcp(server, tokens["access_token"]).status_code == 401
    assert app.exchange(code).json()["error"] == "invalid_grant"


@ON_SQLITE
def test_a_registration_makes_a_public_client(server: Server) -> None:
    answer = register(
        server, token_endpoint_auth_method="client_secret_post", grant_types=["implicit"], extra={"a": 1}
    )
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    assert made["token_endpoint_auth_method"] == "none"
    assert "client_secret" not in made
    assert made["redirect_uris"] == [CALLBACK]


@ON_SQLITE
@pytest.mark.parametrize("asked", ["http://127.0.0.1:1/callback", "http://127.0.0.1/callback"])
def test_a_client_on_the_persons_own_machine_takes_the_port_that_is_free(
    server: Server, ann: Person, asked: str
) -> None:
    app = App(server, open_app(server).client_id, asked)
    assert app.connect(ann)["scope"] == "read write"


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("choice", "statuses"), [("documents", (200, 404)), ("none", (404, 404))])
def test_the_operator_says_which_apps_may_ask(
    database_url: str, choice: Any, statuses: tuple[int, int]
) -> None:
    with serving(settings_for(database_url, oauth_clients=choice)) as server:
        described = server.client().get("/.well-known/oauth-authorization-server")
        assert (described.status_code, register(server).status_code) == statuses
        resource = server.client().get("/.well-known/oauth-protected-resource/mcp").json()
        assert ("authorization_servers" in resource) == (choice == "documents")
        if choice == "documents":
            assert "registration_endpoint" not in described.json()
        else:
            asked = {"client_id": "x", "approve": True}
            assert server.person().http.post("/v1/web/consent/decision", json=asked).status_code == 404

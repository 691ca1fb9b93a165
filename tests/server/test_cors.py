# test_cors.py -- pages of other origins may call only where a setting says so.


import httpx
import pytest

from support.servers import (
    Server,
    serving,
    settings_for,
)

# No database is asked.
pytestmark = pytest.mark.engines("sqlite")


def cors(server: Server, origin: str) -> tuple[httpx.Response, httpx.Response]:
    """A preflight, and a request that is refused, both from a page of `origin`."""
    wanted = {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    client = server.client(Origin=origin)
    return client.options("/v1/me", headers=wanted), client.get("/v1/me")


def test_pages_of_other_origins_may_call_only_where_the_setting_says_so(server: Server) -> None:
    preflight, request = cors(server, "https://app.example")
    assert "access-control-allow-origin" not in {*preflight.headers, *request.headers}
    url = server.settings.database_url.get_secret_value()
    with serving(settings_for(url, cors_origins=["https://app.example"])) as open_:
        preflight, request = cors(open_, "https://app.example")
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://app.example"
        assert "PATCH" in preflight.headers["access-control-allow-methods"]
        assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
        assert request.status_code == 401
        assert request.headers["access-control-allow-origin"] == "https://app.example"
        assert "Retry-After" in request.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in {*preflight.headers, *request.headers}
        preflight, request = cors(open_, "https://evil.example")
        assert preflight.status_code == 400
        assert "access-control-allow-origin" not in {*preflight.headers, *request.headers}
    with serving(settings_for(url, cors_origins=["*"])) as wide_open:
        preflight, request = cors(wide_open, "https://any.example")
        assert request.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in {*preflight.headers, *request.headers}

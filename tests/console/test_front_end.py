# test_front_end.py -- what specs/frontend.md tells and what the console does is what the server has.
import re
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute

from settings import ROOT
from support.servers import Server

# It compares words.
pytestmark = pytest.mark.engines("sqlite")

GUIDE = (ROOT / "specs/frontend.md").read_text()
SCRIPTS = sorted((ROOT / "backend/console/pages").rglob("*.js"))
HTTP = (ROOT / "specs/api/http.md").read_text()
NAMED = re.compile(r"`?(GET|POST|PATCH|PUT|DELETE)\s+(/v1/[^\s`?]*[^\s`?.,])")
REQUESTED = re.compile(r"[\"`](/v1/(?:\$\{[^}]*\}|[^\"`?$])*)")
NOUNS = "account|agent|approval|change|conversation|event|import|member|message|participant|run|task|tool"
EVENT = re.compile(
    rf"\b(?:{NOUNS})\.(?:(?:[a-z]+_)?[a-z]+ed|undone|read|typing)\b(?!\()|\b(?:message\.(?:delta|reset)|tool\.(?:call|result))\b(?!\()"
)


def form(path: str) -> str:
    """A path with every parameter as `{}`."""
    return re.sub(r"\$?\{[^}]*\}", "{}", path)


@pytest.fixture
def routes(server: Server) -> set[str]:
    """`METHOD /path` of everything that is served, the console's own routes with it."""

    def of(items: list[object]) -> Iterator[str]:
        for route in items:
            if isinstance(route, APIRoute):
                yield from (f"{method} {form(route.path)}" for method in route.methods)

    paths = server.app.openapi()["paths"]
    public = {f"{method.upper()} {form(path)}" for path, methods in paths.items() for method in methods}
    return public | set(of(server.app.routes))


def events() -> set[str]:
    """Every event that the API's document lists, which another test holds to the code."""
    sections = ["Stream events", "The user stream"]
    texts = [HTTP[HTTP.index(f"## {name}\n") :].partition("\n## ")[0] for name in sections]
    return {event for text in texts for event in EVENT.findall(text)}


def test_every_call_that_the_guide_names_exists(routes: set[str]) -> None:
    named = {f"{method} {form(path)}" for method, path in NAMED.findall(GUIDE)}
    assert len(named) >= 12
    assert named <= routes


def test_every_address_that_the_console_asks_for_exists(routes: set[str]) -> None:
    served = {route.partition(" ")[2] for route in routes}
    asked = {form(path) for script in SCRIPTS for path in REQUESTED.findall(script.read_text())}
    assert len(asked) >= 18
    assert {path.rstrip("/") for path in asked} <= served


def test_every_event_that_the_guide_names_exists() -> None:
    named = set(EVENT.findall(GUIDE))
    assert len(named) >= 6
    assert named <= events()


def test_every_event_that_the_console_listens_to_exists() -> None:
    listened = re.findall(
        r"\bsubscribe\(\s*\"([a-z. _]+\.[a-z. _]+)\"", "".join(s.read_text() for s in SCRIPTS)
    )
    heard = {event for names in listened for event in names.split()}
    assert len(heard) >= 8
    assert heard <= events()

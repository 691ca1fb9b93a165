# test_documentation.py -- specs/api/ai-sdk.md names every route.
import re

import pytest
from fastapi.routing import iter_route_contexts

from support.servers import Server
from support.source import BACKEND


@pytest.mark.engines("sqlite")
def test_every_route_is_listed(server: Server) -> None:
    text = (BACKEND.parent / "specs/api/ai-sdk.md").read_text()
    routes = {
        f"{method} {context.path}"  # type: ignore[attr-defined]
        for context in iter_route_contexts(server.app.routes)
        for method in context.methods - {"HEAD"}  # type: ignore[attr-defined]
        if context.path.startswith("/ai-sdk/")  # type: ignore[attr-defined]
    }
    assert set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)) == routes

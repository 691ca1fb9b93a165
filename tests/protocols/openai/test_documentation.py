# test_documentation.py -- specs/api/openai.md: its routes, its codes, and the program that it shows.
import contextlib
import io
import re
from typing import get_args

import pytest
from fastapi.routing import iter_route_contexts

from protocols.openai.failures import Code
from support.clients.openai_client import make_key
from support.servers import Person, Server
from support.source import BACKEND

ROOT = BACKEND.parent
TEXT = (ROOT / "specs/api/openai.md").read_text()
pytestmark = pytest.mark.engines("sqlite")


def rows(heading: str) -> list[str]:
    """The first cells of the table under its head."""
    table = TEXT.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)


def test_the_program_that_is_shown_runs(server: Server, ann: Person) -> None:
    [program] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    program = program.replace("http://localhost:8000", server.base_url).replace("parley_...", make_key(ann))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(program, "openai.md", "exec"), scope := {})
    scope["client"].close()
    assert re.fullmatch(r"You have 1 open task:\n1\. Buy milk .*", printed.getvalue())
    assert len(ann.get("/v1/conversations")["data"]) == 1


def test_every_route_is_listed(server: Server) -> None:
    routes = {
        f"{method} {context.path}"  # type: ignore[attr-defined]
        for context in iter_route_contexts(server.app.routes)
        for method in context.methods - {"HEAD"}  # type: ignore[attr-defined]
        if context.path.startswith("/openai/v1") and "{path" not in context.path  # type: ignore[attr-defined]
    }
    assert set(rows("route")) == routes


def test_every_code_is_listed() -> None:
    assert set(rows("code")) == set(get_args(Code))

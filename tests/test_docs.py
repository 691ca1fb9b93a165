# tests/test_docs.py -- what the documents list is what the code has.
import re

from typer.main import get_command
from typer.testing import CliRunner

import cli
from models.run import Run
from servers import Server
from services.runs import ENDED
from settings import ROOT
from tools import TOOLS

HTTP = (ROOT / "specs/api/http.md").read_text()


def rows(section: str) -> list[list[str]]:
    text = HTTP[HTTP.index(f"## {section}") :].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_route_is_listed_and_nothing_else(server: Server) -> None:
    paths = server.app.openapi()["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert {row[0] for row in rows("Routes")} == routes


def test_every_tool_is_listed_with_its_effect_and_its_arguments() -> None:
    listed = {row[0]: row[1:] for row in rows("Tools")}
    assert set(listed) == set(TOOLS)
    for name, (effect, text) in listed.items():
        tool = TOOLS[name]
        assert effect == tool.effect
        schema = tool.parameters()
        required = schema.get("required", [])
        arguments = [field if field in required else f"{field}?" for field in schema["properties"]]
        assert text.startswith("`{" + ", ".join(arguments) + "}") or text.startswith(
            "{" + ", ".join(arguments) + "}"
        )


def test_every_stream_event_is_listed() -> None:
    files = [*(ROOT / "backend/assistant").glob("*.py"), ROOT / "backend/services/runs.py"]
    source = "".join(path.read_text() for path in files)
    written = set(re.findall(r'"((?:message|tool|run)\.[a-z]+)"', source)) | ENDED
    assert {row[0] for row in rows("Stream events")} == written
    assert {event for event in written if event.startswith("run.")} - {"run.started"} <= ENDED
    assert Run.__tablename__ == "runs"


def test_every_command_has_a_help_text() -> None:
    runner = CliRunner()
    documents = (ROOT / "README.md").read_text() + (ROOT / "migrations/README.md").read_text()
    groups = get_command(cli.app).commands  # type: ignore[attr-defined]
    assert set(groups) == {"user", "db"}
    for group, commands in groups.items():
        for name in commands.commands:
            shown = runner.invoke(cli.app, [group, name, "--help"])
            assert shown.exit_code == 0
            assert commands.commands[name].help
            assert f"parley {group} {name}" in documents

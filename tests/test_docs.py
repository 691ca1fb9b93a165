# test_docs.py -- what the documents list is what the code has.
import re

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import cli
from errors.problem_types import PROBLEM_TYPES
from events import posted
from models.event import RESERVED_WORDS
from models.identity.api_token import SCOPES
from models.run import Run
from protocols.mcp.prompts import PROMPTS
from protocols.mcp.resources import CONVERSATION_URI, TASKS_URI
from services.run_log import FINAL_EVENTS
from settings import ROOT
from streaming.typing_notes import TYPE as TYPING
from support.servers import Server
from tools.registry import DATA_TOOLS, TOOLS

# It compares words.
pytestmark = pytest.mark.engines("sqlite")

HTTP = (ROOT / "specs/api/http.md").read_text()


def read_http_rows(section: str) -> list[list[str]]:
    return table(HTTP, section)


def table(document: str, section: str) -> list[list[str]]:
    text = document[document.index(f"## {section}") :].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_route_is_listed_and_nothing_else(server: Server) -> None:
    paths = server.app.openapi()["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert {row[0] for row in read_http_rows("Routes")} == routes


def test_every_type_of_problem_is_listed() -> None:
    listed = [tuple(row) for row in table((ROOT / "specs/api/problems.md").read_text(), "Types")]
    known = [(name, str(type_.status), type_.when) for name, type_ in PROBLEM_TYPES.items()]
    assert [(name, status, when.replace("`", "")) for name, status, when in listed] == [
        (name, status, when.replace("`", "")) for name, status, when in known
    ]


def test_every_scope_is_listed() -> None:
    assert tuple(row[0] for row in read_http_rows("API tokens")) == SCOPES


def test_every_tool_is_listed_with_its_effect_and_its_arguments() -> None:
    listed = {row[0]: row[1:] for row in read_http_rows("Tools")}
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


def test_every_tool_on_data_is_listed_with_its_arguments() -> None:
    listed = {row[0]: row[1:] for row in read_http_rows("Tools on data")}
    assert set(listed) == set(DATA_TOOLS)
    for name, (effect, text) in listed.items():
        schema = DATA_TOOLS[name].parameters()
        arguments = [
            field if field in schema.get("required", []) else f"{field}?" for field in schema["properties"]
        ]
        assert (effect, text.partition("}")[0]) == ("read", "{" + ", ".join(arguments))


def test_every_tool_is_listed_for_mcp_with_its_hints() -> None:
    text = (ROOT / "specs/api/mcp.md").read_text()
    listed = {cells[0]: cells[1:] for cells in table(text, "Tools")}
    hints = {
        tool.name: [
            tool.title,
            "yes" if tool.effect == "read" else "no",
            "yes" if tool.effect == "destructive" else "no",
            "yes" if tool.idempotent else "no",
            ", ".join(tool.result.model_fields),
        ]
        for tool in TOOLS.values()
    }
    assert listed == hints


def test_every_prompt_and_resource_is_listed_for_mcp() -> None:
    text = (ROOT / "specs/api/mcp.md").read_text()
    prompts = {cells[0]: cells[1] for cells in table(text, "Prompts")}
    assert prompts == {name: title for name, (title, _, _) in PROMPTS.items()}
    assert {cells[0] for cells in table(text, "Resources")} == {TASKS_URI, f"{CONVERSATION_URI}{{id}}"}


def test_every_stream_event_is_listed() -> None:
    services = [ROOT / f"backend/services/{name}.py" for name in ("runs", "approvals")]
    folders = [path for name in ("agent", "protocols") for path in (ROOT / "backend" / name).rglob("*.py")]
    stream = ROOT / "backend/streaming/run_stream.py"
    source = "".join(path.read_text() for path in [*folders, *services, stream])
    source = re.sub(r"(?:changes\.record_event|runs\.record_run_change)\([^)]*\)", "", source)
    written = set(re.findall(r'"((?:message|tool|run|approval)\.[a-z]+)"', source)) | FINAL_EVENTS
    written -= {"message.created"}  # of the caller's stream
    assert {row[0] for row in read_http_rows("Stream events")} == written
    assert {event for event in written if event.startswith("run.")} - {
        "run.queued",
        "run.started",
    } <= FINAL_EVENTS
    assert Run.__tablename__ == "runs"


def test_every_event_of_the_callers_stream_is_listed() -> None:
    source = "".join(path.read_text() for path in (ROOT / "backend").rglob("*.py"))
    calls = re.findall(
        r"(?:changes\.record_event|changes\.new_event|runs\.record_run_change)\(\s*(?:tx, )?[\w.]+, "
        r'(?:[\w.]+, )?f?"([^"]+)"',
        source,
    )
    told = (
        {type_ for type_ in calls if "{" not in type_} | FINAL_EVENTS | {"reset", posted.STREAM_TYPE, TYPING}
    )
    assert {type_.partition(".")[0] for type_ in told} <= RESERVED_WORDS
    assert 'f"run.{status}"' in source  # one for each of FINAL_EVENTS
    assert {row[0] for row in read_http_rows("The user stream")} == told


def test_every_word_with_which_no_posted_event_may_begin_is_listed() -> None:
    section = HTTP[HTTP.index("## Posted events") :]
    listed = section[section.index("which begin with") : section.index("(alone")]
    assert set(re.findall(r"`([a-z]+)`", listed)) == RESERVED_WORDS


def test_every_command_has_a_help_text() -> None:
    runner = CliRunner()
    documents = (ROOT / "README.md").read_text() + (ROOT / "migrations/README.md").read_text()
    documents += (ROOT / "specs/operating.md").read_text()
    found = get_command(cli.app).commands  # type: ignore[attr-defined]
    commands = {
        (name, *inner): command
        for name, group in found.items()
        for inner, command in (
            [((n,), c) for n, c in getattr(group, "commands", {}).items()] or [((), group)]
        )
    }
    assert {("user", "create"), ("db", "upgrade"), ("replay",)} <= commands.keys()
    for words, command in commands.items():
        shown = runner.invoke(cli.app, [*words, "--help"])
        assert shown.exit_code == 0
        assert command.help
        assert f"parley {' '.join(words)}" in documents


def test_the_version_is_that_of_the_project_everywhere(server: Server) -> None:
    project = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert project
    assert server.app.openapi()["info"]["version"] == project[1]
    written = [
        path.name for path in (ROOT / "backend").rglob("*.py") if f'"{project[1]}"' in path.read_text()
    ]
    assert written == []


def test_what_ends_with_what_names_a_test_for_each_sentence() -> None:
    document = (ROOT / "specs/endings.md").read_text()
    endings = re.findall(r"^## (.+)$", document, re.MULTILINE)
    assert len(endings) >= 3
    for ending in endings:
        rows = table(document, ending)
        things = ["messages", "marks", "runs at work or waiting", "open streams", "approvals", "invitations"]
        assert [thing for thing, _, _ in rows] == things, ending
        for thing, sentence, tests in rows:
            assert sentence.endswith("."), (ending, thing)
            named = re.findall(r"([\w/]+\.py)::(\w+)", tests)
            assert named, (ending, thing)
            for file, name in named:
                text = (ROOT / "tests/services" / file).read_text()
                assert f"\ndef {name}(" in text, f"{ending}, {thing}: {file}::{name}"

# test_generators.py -- what others make of the OpenAPI document: validators, linters, and clients that compile and run.
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, OpenAPIV32SpecValidator

from settings import ROOT
from support.clients.node import FOLDER, needs_node, run_program
from support.servers import PASSWORD, Server, ok

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.slow]
MODULES = FOLDER / "node_modules"
STRICT = ["--strict", "--types", "node", "--target", "es2022", "--module", "nodenext", "--outDir", "out"]
STRICT += ["--lib", "es2023,dom,dom.iterable,dom.asynciterable"]


@pytest.fixture
def project(server: Server, tmp_path: Path) -> Path:
    """A folder with the document, and the packages of tests/node."""
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    for name in ("openapi.json", "openapi-3.2.json"):
        (tmp_path / name).write_text(server.client().get(f"/{name}").text)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "validator"),
    [("openapi.json", OpenAPIV31SpecValidator), ("openapi-3.2.json", OpenAPIV32SpecValidator)],
)
def test_the_documents_are_valid(server: Server, name: str, validator: Any) -> None:
    document = ok(server.client().get(f"/{name}"))
    assert [error.message for error in validator(document).iter_errors()] == []


@needs_node
@pytest.mark.parametrize("name", ["openapi.json", "openapi-3.2.json"])
def test_redocly_finds_no_error(project: Path, name: str) -> None:
    program = MODULES / "@redocly/cli/bin/cli.js"
    settings = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    found = json.loads(run_program(project, str(program), "lint", "--format=json", name, **settings))
    assert found["totals"]["errors"] == 0
    # Routes that need nothing but a server: they have no 4xx.
    assert {problem["ruleId"] for problem in found["problems"]} <= {"operation-4xx-response"}


@needs_node
def test_spectral_finds_no_error(project: Path) -> None:
    (project / "rules.json").write_text('{"extends": "spectral:oas"}')
    program = MODULES / "@stoplight/spectral-cli/dist/index.js"
    command = [
        "lint",
        "--ruleset",
        "rules.json",
        "--format",
        "json",
        "--fail-severity",
        "error",
        "openapi.json",
    ]
    said = run_program(project, str(program), *command)
    found, _ = json.JSONDecoder().raw_decode(said)
    assert [problem for problem in found if problem["severity"] == 0] == []


def compile_and_run(project: Path, name: str, server: Server) -> Any:
    shutil.copy(FOLDER / name, project)
    run_program(project, str(MODULES / "typescript/bin/tsc"), *STRICT, name)
    email = f"{uuid4().hex}@example.com"
    program = f"out/{Path(name).stem}.js"
    return {"email": email, **json.loads(run_program(project, program, server.base_url, email, PASSWORD))}


def check_calls(found: dict[str, Any]) -> None:
    assert found["registered"] == found["email"]
    assert found["answer"] == "Added “Buy milk”."
    assert found["types"][::5] == ["run.started", "run.completed"]
    assert found["text"] == "You have 1 open task:\n1. Buy milk"
    assert (found["titles"], found["problem"]) == (["Buy milk"], "There is no such task.")


@needs_node
def test_openapi_typescript_with_openapi_fetch_compiles_strictly_and_runs(
    server: Server, project: Path
) -> None:
    program = MODULES / "openapi-typescript/bin/cli.js"
    run_program(project, str(program), "openapi.json", "-o", "schema.ts")
    check_calls(compile_and_run(project, "openapi_fetch.ts", server))


@needs_node
def test_hey_api_compiles_strictly_and_runs(server: Server, project: Path) -> None:
    shutil.copy(FOLDER / "openapi-ts.config.mjs", project)
    run_program(project, str(MODULES / "@hey-api/openapi-ts/bin/run.js"), "--no-log-file")
    check_calls(compile_and_run(project, "hey_api.ts", server))


GENERATOR = ROOT / ".venv/generator/bin/openapi-python-client"
# What openapi-python-client makes nothing of: lines of JSON, and the header of one value that the console sends.
LEFT_OUT = {
    "GET /v1/me/export within me.",
    "POST /v1/me/import within me.",
    "POST /v1/web/session within pages. Endpoint will not be generated.",
    "DELETE /v1/web/session within pages. Endpoint will not be generated.",
    "POST /v1/web/session/refresh within pages. Endpoint will not be generated.",
}


@pytest.mark.skipif(not GENERATOR.exists(), reason="no openapi-python-client: `make test` installs it")
def test_openapi_python_client_is_typed_strictly_and_runs(server: Server, project: Path) -> None:
    def run(*command: str) -> str:
        environment = {"PATH": str(Path(sys.executable).parent)}
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 or "mypy" in command, done.stdout + done.stderr
        return done.stdout + done.stderr

    made = ["generate", "--path", "openapi.json", "--output-path", "made", "--meta", "none"]
    said = run(str(GENERATOR), *made)
    assert set(re.findall(r"WARNING parsing (.*)", said)) == LEFT_OUT
    shutil.copy(FOLDER.parent / "generator/use_client.py", project)
    found = run(sys.executable, "-m", "mypy", "--strict", "--no-incremental", "made", "use_client.py")
    # The generator's own file for connections passes on `*args`; it has nothing of the document.
    errors = {line.partition(":")[0] for line in found.splitlines() if ": error:" in line}
    assert errors <= {"made/client.py"}, found
    email = f"{uuid4().hex}@example.com"
    told = json.loads(run(sys.executable, "use_client.py", server.base_url, email, PASSWORD))
    check_calls({"email": email, **told})

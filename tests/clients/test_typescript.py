# test_typescript.py -- the client for TypeScript: built as its README says, in Node and in a page of another origin.
import json
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from support.browsers import MISSING, launch
from support.clients.node import FOLDER, needs_node, run_program
from support.servers import PASSWORD, Person, Server, serving, settings_for
from support.source import BACKEND

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.slow, needs_node]
ROOT = BACKEND.parent
CLIENT = ROOT / "clients/typescript"
STRICT = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--noUnusedLocals", "--types", "node"]
STRICT += ["--target", "es2022", "--module", "nodenext", "--lib", "es2023,dom,dom.iterable,dom.asynciterable"]


@pytest.fixture(scope="module")
def package(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, built for the server, and beside it a project that has it installed."""
    folder = tmp_path_factory.mktemp("typescript")
    built = folder / "node_modules/parley-client"
    shutil.copytree(CLIENT, built, ignore=shutil.ignore_patterns("node_modules", "dist", "schema.ts"))
    (folder / "node_modules/@types").symlink_to(FOLDER / "node_modules/@types")
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "openapi.json").write_text(server.client().get("/openapi.json").text)
    generate = FOLDER / "node_modules/openapi-typescript/bin/cli.js"
    run_program(built, str(generate), str(folder / "openapi.json"), "-o", "src/schema.ts")
    run_program(built, str(FOLDER / "node_modules/typescript/bin/tsc"))
    return folder


def check_types(folder: Path, name: str) -> None:
    run_program(folder, str(FOLDER / "node_modules/typescript/bin/tsc"), *STRICT, name)


def test_the_types_know_what_is_wrong_and_streams_and_tokens_go_on(
    server: Server, ann: Person, package: Path
) -> None:
    shutil.copy(FOLDER / "client.ts", package)
    check_types(package, "client.ts")
    found = json.loads(run_program(package, "client.ts", server.base_url, ann.email, PASSWORD))
    whole, cut = found["whole"], found["cut"]
    assert whole["text"] == "Added “Buy milk”."
    assert whole["types"] == [
        "run.started",
        "tool.call",
        "tool.result",
        "message.delta",
        "message.completed",
        "run.completed",
    ]
    assert found["lost"] == ["Error: The network is gone."] * 2
    assert cut["seqs"] == list(range(1, len(cut["seqs"]) + 1))
    assert found["messages"] == ["add buy milk", whole["text"], "what is on my list?", cut["text"]]
    assert (found["completed"], found["priority"]) == (True, "high")
    assert found["changes"] == ["reset", "task.deleted", "Error: enough"]
    assert found["problem"] == [404, "urn:parley:problem:not-found", "There is no such task."]
    assert (found["kept"], found["renewed"], found["pages"], found["refused"]) == (
        1,
        ["new", None],
        [1] * 3,
        401,
    )


def read_sample() -> str:
    [sample] = re.findall(r"```ts\n(.*?)```", (ROOT / "specs/frontend.md").read_text(), re.DOTALL)
    return str(sample)


def test_the_sample_of_the_specs_runs(server: Server, ann: Person, package: Path) -> None:
    head = (
        "const [, , baseUrl = '', email = '', password = ''] = process.argv;\n"
        "const keep = (tokens: unknown) => void tokens;\nconst show = (line: string) => console.log(line);\n"
    )
    (package / "sample.ts").write_text(head + read_sample())
    check_types(package, "sample.ts")
    shown = run_program(package, "sample.ts", server.base_url, ann.email, PASSWORD).splitlines()
    assert shown[0].startswith("Added “Buy milk”")
    assert re.fullmatch(r"Buy milk, \d{4}-\d\d-\d\d", shown[1])
    assert shown[2:] == ["There is no such task."]
    assert len(read_sample().splitlines()) <= 40


@pytest.fixture
def page_of_another_origin(package: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    folder = package / "node_modules/parley-client"
    (folder / "page.html").write_text("<!doctype html><title>A page</title>")
    pages = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=pages.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{pages.server_port}"
    pages.shutdown()
    thread.join()
    pages.server_close()


IN_A_PAGE = """
async ([baseUrl, email, password]) => {
  const { Parley, Problem } = await import("/dist/index.js");
  const parley = new Parley({ baseUrl });
  await parley.signIn(email, password);
  let text = "";
  for await (const event of parley.chat({ message: "add buy milk" })) text += event.text ?? "";
  const tasks = await parley.get("/v1/tasks", {});
  const refused = await parley.get("/v1/nothing", {}).catch((error) => error instanceof Problem && error.status);
  return [text, tasks.data.map((task) => task.title), refused];
}
"""


@pytest.mark.skipif(MISSING is not None, reason=str(MISSING))
def test_it_works_in_a_page_of_another_origin(own_database_url: str, page_of_another_origin: str) -> None:
    settings = settings_for(own_database_url, cors_origins=[page_of_another_origin])
    with serving(settings) as server, sync_playwright() as playwright, closing(launch(playwright)) as browser:
        email = server.register()
        page = browser.new_page()
        page.goto(f"{page_of_another_origin}/page.html")
        found = page.evaluate(IN_A_PAGE, [server.base_url, email, PASSWORD])
    assert found == ["Added “Buy milk”.", ["Buy milk"], 404]


def test_it_is_small_and_depends_on_nothing() -> None:
    described = json.loads((CLIENT / "package.json").read_text())
    assert "dependencies" not in described
    assert len((CLIENT / "src/events.ts").read_text().splitlines()) <= 150


def test_its_version_is_parleys() -> None:
    described = json.loads((CLIENT / "package.json").read_text())
    [version] = re.findall(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert described["version"] == version

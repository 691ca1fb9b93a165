# test_readme.py -- the README's walk, run as it stands, and its pointers, followed.
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from settings import ROOT
from support.servers import serving, settings_for

pytestmark = pytest.mark.slow

README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"^```(sh|json|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CUT = "--- the next block ---"


def walk() -> list[tuple[str, str, str]]:
    """The commands of the walk, each with the kind of output and the output that the README promises."""
    blocks = BLOCK.findall(README[README.index("## A walk") : README.index("## Configuration")])
    assert [kind == "sh" for kind, _ in blocks] == [True, False] * (len(blocks) // 2)
    return [(blocks[n][1], *blocks[n + 1]) for n in range(0, len(blocks), 2)]


def as_pattern(promised: str) -> str:
    """The output with `…` standing for anything within a line."""
    return r"[^\n]*?".join(re.escape(part) for part in promised.strip().split("…"))


@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("bash")), reason="the walk needs curl and bash"
)
def test_the_walk_does_what_the_readme_says(
    new_database: Callable[[str], str], engine_name: str, tmp_path: Path
) -> None:
    steps = walk()
    assert len(steps) >= 7
    with serving(settings_for(new_database(engine_name))) as server:
        script = f"\necho '{CUT}'\n".join(commands for commands, _, _ in steps)
        script = script.replace("http://localhost:8000", server.base_url)
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            check=False,
            cwd=tmp_path,
            env={"PATH": path, "NO_PROXY": "127.0.0.1"},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr + done.stdout
    for (commands, kind, promised), output in zip(steps, done.stdout.split(CUT), strict=True):
        shown = json.dumps(json.loads(output), separators=(",", ":")) if kind == "json" else output.strip()
        assert re.fullmatch(as_pattern(promised), shown), f"{commands}\ngave\n{output}"
    assert list(tmp_path.iterdir()) == []


def test_every_pointer_of_a_document_leads_somewhere() -> None:
    documents = [ROOT / "README.md", *(ROOT / "specs").rglob("*.md"), *(ROOT / "migrations").glob("*.md")]
    for document in documents:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in (README, (ROOT / ".ci/run").read_text()):
        assert set(re.findall(r"(?:`|^)make ([a-z-]+)", document, re.MULTILINE)) <= targets


def test_make_help_describes_every_target() -> None:
    # Without the flags of a make that runs these tests: it would say which folder it enters.
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "--no-print-directory", "help"]
    listed = subprocess.run(command, cwd=ROOT, env=quiet, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    assert {line.split()[1] for line in listed.splitlines()} == set(phony[1].split())

# test_transfers.py -- parley export and parley import do what the routes of the same names do.
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from typer.testing import Result

from access import OperatedCaller
from commands import transfers
from errors import InvalidCredential
from identity import credentials
from support.servers import PASSWORD, Person, Server, ok, serving
from support.transfers.exports import export, pick
from support.transfers.files import grow_chats, talk, to_file

pytestmark = pytest.mark.engines("sqlite")

ANN = "ann@example.com"
Run = Callable[..., Result]


@pytest.fixture
def ann(parley: Run) -> Iterator[Person]:
    """On a server beside which the operator's commands run."""
    parley("user", "create", ANN, given=f"{PASSWORD}\n")
    with serving(parley.settings) as server:  # type: ignore[attr-defined]
        yield server.sign_in(ANN)


def test_an_export_is_that_of_the_user_in_a_file_for_its_owner_alone(
    parley: Run, ann: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "PROGRESS_LINES", 2)
    ann.chat("add buy milk and call mom")
    file = tmp_path / "ann.jsonl"
    done = parley("export", "Ann@example.com", str(file))
    written = [json.loads(line) for line in file.read_text().splitlines()]
    assert (done.exit_code, done.stdout) == (0, "")
    assert "2 lines\n" in done.stderr
    assert done.stderr.endswith(f"{len(written) - 2} lines are in {file}.\n")
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    own = export(ann)
    for type_ in own[-1]["footer"]["counts"].keys() - {"session"}:
        assert pick(written, type_) == pick(own, type_)
    assert [session["current"] for session in pick(written, "session")] == [False]
    again = parley("export", ANN, str(file))
    assert (again.exit_code, again.stderr.splitlines()[-1]) == (1, f"parley: {file} is there already.")
    assert json.loads(parley("export", ANN, "-").stdout.splitlines()[-1]) == written[-1]


def test_an_export_that_is_not_whole_leaves_no_file(
    parley: Run, ann: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def end_early(*_: object) -> AsyncGenerator[bytes, None]:
        yield b'{"type":"header","header":{}}\n'
        yield b'{"type":"problem","problem":{"detail":"The database is away."}}\n'

    async def fail(*_: object) -> AsyncGenerator[bytes, None]:
        yield b'{"type":"header","header":{}}\n'
        raise KeyboardInterrupt

    file = tmp_path / "ann.jsonl"
    for lines, code in ((end_early, 1), (fail, 130)):
        with monkeypatch.context() as patched:
            patched.setattr(transfers, "export_lines", lines)
            done = parley("export", ANN, str(file))
        assert done.exit_code == code
        assert list(tmp_path.iterdir()) == []
    part = tmp_path / "ann.jsonl.part"
    part.touch()  # of an export that is at work, or was killed
    done = parley("export", ANN, str(file))
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (1, f"parley: {part}: File exists")
    assert part.exists()


def test_an_import_makes_what_is_in_the_file_and_ends_with_its_report(
    parley: Run, ann: Person, tmp_path: Path
) -> None:
    file = tmp_path / "conversations.json"
    file.write_bytes(to_file(talk("One", "Two", title="Tr\x1b[2Jips")))
    done = parley("import", ANN, str(file))
    assert (done.exit_code, done.stderr) == (0, "")
    assert "made: 0 tasks, 1 conversations, 2 messages" in done.stdout
    assert done.stdout.splitlines()[0].startswith("chatgpt, ")
    [conversation] = ann.get("/v1/conversations")["data"]
    assert len(ann.get(f"/v1/conversations/{conversation['id']}/messages")["data"]) == 2
    again = parley("import", ANN, "-", "--json", "--format", "chatgpt", given=file.read_text())
    report = json.loads(again.stdout)
    assert (report["skipped"]["messages"], report["imported"]["messages"]) == (2, 0)


def test_an_import_that_ends_early_says_so_with_its_status_and_what_it_has_made(
    parley: Run, ann: Person, tmp_path: Path
) -> None:
    file = tmp_path / "conversations.json"
    file.write_bytes(to_file(talk("One", "Two"), talk("Three", conversation_id="c-2"))[:-50])
    done = parley("import", ANN, str(file))
    assert done.exit_code == 1
    assert "made: 0 tasks, 1 conversations, 2 messages" in done.stdout
    assert done.stderr.startswith("parley: The file is cut or damaged")
    assert len(ann.get("/v1/conversations")["data"]) == 1


def test_progress_of_a_long_file_is_told_on_stderr(
    parley: Run, ann: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "LEAST_BYTES", 1)
    file = tmp_path / "conversations.json"
    file.write_bytes(b"".join(grow_chats(8, 10, "x" * 5_000)))
    done = parley("import", ANN, str(file))
    told = done.stderr.splitlines()
    assert 1 < len(told) <= 40
    assert all("bytes: 0 tasks, " in line for line in told)
    assert "8 conversations, 80 messages" in done.stdout


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["export", "nobody@example.com", "/tmp/none.jsonl"], "nobody has this email."),
        (["import", "nobody@example.com", "/dev/null"], "nobody has this email."),
        (["import", ANN, "/nowhere/file"], "/nowhere/file: No such file or directory"),
        (["export", ANN, "/nowhere/file"], "/nowhere/file.part: No such file or directory"),
        (["import", ANN, "/dev/null"], "This is no export of Parley"),
    ],
)
def test_what_cannot_be_done_is_one_line(parley: Run, words: list[str], line: str) -> None:
    parley("user", "create", ANN, given=f"{PASSWORD}\n")
    done = parley(*words)
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1].startswith(f"parley: {line}")


def test_a_user_who_is_deleted_meanwhile_gets_nothing_more(server: Server) -> None:
    carl = server.person()
    ask = partial(server.state.db.read, credentials.require_active, OperatedCaller(carl.id, None))
    server.run(ask())
    ok(carl.http.request("DELETE", "/v1/me", json={"current_password": PASSWORD}))
    with pytest.raises(InvalidCredential):
        server.run(ask())

# test_audit.py -- parley audit prints what GET /v1/tool-calls lists.
import json
from collections.abc import Callable

import pytest
from typer.testing import Result

from commands.audit import format_call
from support.servers import PASSWORD, serving

# The command prints what GET /v1/tool-calls answers, whose SQL is tried on every engine.
pytestmark = pytest.mark.engines("sqlite")


@pytest.mark.busy
def test_the_operator_reads_the_calls_of_one_user(parley: Callable[..., Result]) -> None:
    for email in ("ann@example.com", "bob@example.com"):
        parley("user", "create", email, given=f"{PASSWORD}\n")
    with serving(parley.settings) as server:  # type: ignore[attr-defined]
        ann, bob = server.sign_in("ann@example.com"), server.sign_in("bob@example.com")
        ann.chat("add buy milk and call mom")
        ann.chat("what is on my list?")
        bob.chat("add buy bread")
        calls = ann.get("/v1/tool-calls")["data"]
        lines = parley("audit", "Ann@example.com", "--json").stdout.splitlines()
        assert [json.loads(line) for line in lines] == calls
        newest = parley("audit", "ann@example.com", "--limit", "1", "--name", "add_task", "--json").stdout
        assert [json.loads(newest)] == [calls[1]]
        after = parley("audit", "ann@example.com", "--since", calls[0]["created_at"]).stdout
        assert after == format_call(calls[0]) + "\n"
        assert "list_tasks" in after
        assert after.rstrip().endswith("done")
        assert parley("audit", "ann@example.com", "--failed").stdout == ""


def test_a_user_who_is_not_there_and_a_time_that_is_none_are_one_line(parley: Callable[..., Result]) -> None:
    missing = parley("audit", "nobody@example.com")
    assert (missing.exit_code, missing.stderr.splitlines()[-1]) == (1, "parley: nobody has this email.")
    wrong = parley("audit", "nobody@example.com", "--since", "yesterday")
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (1, 1)
    assert "must be a time with its zone" in wrong.stderr


def test_what_a_model_wrote_does_not_steer_the_terminal() -> None:
    call = {
        "created_at": "2026-01-01T00:00:00.000000Z",
        "conversation_id": "c",
        "name": "x\x1b[2J\u202e",
        "arguments": "y" * 500,
        "error": "\r\n\x9b",
    }
    line = format_call(call)
    assert line.isprintable() or line.replace("\N{REPLACEMENT CHARACTER}", "").isprintable()
    assert len(line) < 250

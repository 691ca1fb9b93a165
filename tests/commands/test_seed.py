# test_seed.py -- parley seed: a user with a year behind them, as the API would have made it.
import re
from collections.abc import Callable
from random import Random
from uuid import uuid4

import pytest
from typer.testing import Result

from clock import utc_now
from commands.seed_rows import SeedSizes, build_batches, build_tasks
from support.servers import serving

SMALL = ("--conversations", "5", "--messages", "60", "--tasks", "12")


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_the_seeded_user_can_sign_in_page_search_and_read_runs(parley: Callable[..., Result]) -> None:
    done = parley("seed", *SMALL)
    assert done.exit_code == 0, done.output
    password = re.search(r"^password  (\S+)$", done.stdout, re.M)
    assert password is not None
    assert "60 of 60 messages" in done.stderr
    with serving(parley.settings) as server:  # type: ignore[attr-defined]
        demo = server.sign_in("demo@example.com", password[1])
        tasks = demo.get("/v1/tasks?limit=100")["data"]
        assert len(tasks) == 12
        assert {task["completed"] for task in tasks} == {True, False}
        assert tasks == sorted(tasks, key=lambda task: task["created_at"], reverse=True)
        conversations = demo.get("/v1/conversations?limit=100")["data"]
        assert len(conversations) == 5
        found = demo.get("/v1/conversations", q=conversations[0]["title"][:5].lower())["data"]
        assert conversations[0]["id"] in [conversation["id"] for conversation in found]
        messages = [
            message
            for conversation in conversations
            for message in demo.get(f"/v1/conversations/{conversation['id']}/messages?limit=100")["data"]
        ]
        assert len(messages) == 60
        assert [message["role"] for message in messages] == ["user", "agent"] * 30
        run = demo.get(f"/v1/runs/{messages[1]['run_id']}")
        assert (run["status"], run["conversation_id"]) == ("completed", messages[1]["conversation_id"])
        stream = demo.http.get(f"/v1/runs/{run['id']}/events").text
        assert re.findall(r"^event: (.+)$", stream, re.M) == [
            "run.started",
            "message.completed",
            "run.completed",
        ]
        answer = demo.chat("what is on my list?", conversation_id=conversations[0]["id"])
        assert answer["status"] == "completed"


@pytest.mark.engines("sqlite")
def test_a_taken_email_is_refused_in_one_line(parley: Callable[..., Result]) -> None:
    assert parley("seed", *SMALL).exit_code == 0
    again = parley("seed", *SMALL)
    assert (again.exit_code, again.stderr) == (1, "parley: This email is taken.\n")


def test_the_same_number_gives_the_same_texts() -> None:
    def write_texts(seed: int) -> list[str]:
        random, user_id, end = Random(seed), uuid4(), utc_now()
        tasks = build_tasks(random, user_id, 12, end)
        batches = build_batches(random, user_id, tasks, SeedSizes(5, 60, 12), end)
        messages = [message["content"] for batch in batches for message in batch.messages]
        return [*(task["title"] for task in tasks), *messages]

    assert len(write_texts(1)) == 72
    assert write_texts(1) == write_texts(1) != write_texts(2)

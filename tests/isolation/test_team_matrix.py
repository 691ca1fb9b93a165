# test_team_matrix.py -- every request on a thing of a team, sent by everybody, gets what team_matrix.txt says.
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from isolation.team_world import BETWEEN_TWO, SECRET, TO_AGENT, WHO, TeamWorld, make_team_world
from support.api.isolation import ROUTES, Elsewhere, Open, fill_ids
from support.servers import serving, settings_for

TABLE = Path(__file__).with_name("team_matrix.txt")
LINE = re.compile(r"((?: *\d{3}){8}) +([A-Z]+) (\S+?(?:<[^>]+>\S*?)*)(?: (\{.*\}))?(?: \[new (\w+)\])?")
NAME = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Row:
    """One line of the table; `statuses` in the order of WHO."""

    statuses: tuple[int, ...]
    method: str
    path: str
    body: Any
    new: str | None

    @property
    def request(self) -> str:
        return " ".join(
            [f"{self.method} {self.path}", *([] if self.body is None else [json.dumps(self.body)])]
        )


def read_table() -> list[list[Row]]:
    """The parts of the table, between empty lines."""
    rows: list[Row | None] = []
    for line in TABLE.read_text().splitlines():
        if line.startswith("#"):
            continue
        if not line or line.split() == list(WHO):
            rows.append(None)
            continue
        found = LINE.fullmatch(line)
        assert found, f"a line that cannot be read: {line}"
        statuses, method, path, body, new = found.groups()
        parsed = json.loads(body) if body else None
        rows.append(Row(tuple(map(int, statuses.split())), method, path, parsed, new))
    parts = [list(part) for is_row, part in groupby(rows, key=lambda row: row is not None) if is_row]
    return [[row for row in part if row is not None] for part in parts]


PARTS = read_table()
# Nothing of these is a team's, whoever calls.
OF_ONESELF = {
    "POST /v1/auth/logout",
    "GET /v1/me",
    "PATCH /v1/me",
    "DELETE /v1/me",
    "GET /v1/me/usage",
    "GET /v1/me/export",
    "POST /v1/me/import",
    "GET /v1/me/sessions",
    "DELETE /v1/me/sessions/{session_id}",
    "GET /v1/me/tokens",
    "POST /v1/me/tokens",
    "DELETE /v1/me/tokens/{token_id}",
    "GET /v1/models",
    "GET /v1/tools",
    "GET /v1/tasks",
    "POST /v1/tasks",
    "GET /v1/tasks/counts",
    "POST /v1/tasks/parse",
    "GET /v1/tasks/done",
    "GET /v1/tasks/lists",
    "GET /v1/tasks/{task_id}",
    "PATCH /v1/tasks/{task_id}",
    "DELETE /v1/tasks/{task_id}",
    "GET /v1/runs",
    "GET /v1/undo",
    "POST /v1/undo",
    "POST /v1/render",
}
OUTSIDE = ("removed", "stranger")
EVENTS = ("<agent's event>", "<member's event>", "<account's event>")
# Who is a member sees these in any case.
SEEN_BY_MEMBERS = ("<account>", "<agent>", "<owner>", "<other>")


@pytest.fixture(scope="module")
def world(new_database: Callable[[str], str]) -> Iterator[TeamWorld]:
    """One for all cells: whoever may do something does it to a thing of their own."""
    settings = settings_for(new_database("sqlite"), runs_per_user=1000)
    with serving(settings) as server:
        yield make_team_world(server)


def ask(http: httpx.Client, row: Row, ids: dict[str, str]) -> tuple[int, str]:
    """The status and the text; a stream is not read."""
    path = NAME.sub(lambda name: ids[name[0]], row.path)
    with http.stream(row.method, path, json=fill_ids(row.body, ids)) as answer:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return answer.status_code, ""
        answer.read()
        return answer.status_code, answer.text


def try_row(world: TeamWorld, row: Row) -> tuple[int, ...]:
    """What each gets. Who may not know of a thing is told what they are told where there is none."""
    found = []
    compared: dict[bool, str] = {}
    for who, expected in zip(WHO, row.statuses, strict=True):
        ids = world.ids | (world.make(row.new) if row.new and expected < 300 else {})
        status, text = ask(world.client(who), row, ids)
        found.append(status)
        if status == expected == 404:
            is_outside = who in OUTSIDE
            hidden = {name for name in NAME.findall(row.request) if name not in SEEN_BY_MEMBERS}
            if not is_outside and len(hidden) > 1:
                continue  # they may see one of these, and are told which other is not there
            if is_outside not in compared:
                kept = () if is_outside else SEEN_BY_MEMBERS
                nothing = {name: value if name in kept else str(uuid4()) for name, value in ids.items()}
                compared[is_outside] = ask(world.client(who), row, nothing)[1]
            assert text == compared[is_outside], f"{who}: {row.request}"
    return tuple(found)


@pytest.mark.busy
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part[0].path)
def test_everybody_gets_what_the_table_says(world: TeamWorld, part: list[Row]) -> None:
    tried = [(row, try_row(world, row)) for row in part]
    assert [(row.request, found) for row, found in tried if found != row.statuses] == []


def test_the_table_names_every_route_on_things_of_a_team() -> None:
    guarded = {route for route, way in ROUTES.items() if not isinstance(way, (Open, Elsewhere))}
    patterns = {
        route: re.compile("/".join("[^/]+" if part.startswith("{") else part for part in route.split("/")))
        for route in guarded
    }
    named = {
        route
        for part in PARTS
        for row in part
        for route, pattern in patterns.items()
        if pattern.fullmatch(f"{row.method} {NAME.sub('x', row.path).partition('?')[0]}")
    }
    assert guarded - named == OF_ONESELF


# All that lists of messages, of inboxes and of changes may show of a team.
LISTS = (
    "/v1/conversations?limit=200",
    "/v1/conversations?account_id=<account>&limit=200",
    "/v1/conversations?agent_id=<agent>&limit=200",
    "/v1/events?limit=200",
    "/v1/events?recipient_id=<agent>",
    "/v1/events?recipient_id=<member>",
    "/v1/tool-calls?limit=200",
    "/v1/search?q=secret",
    "/v1/conversations/<group>/messages",
    "/v1/conversations/<direct>/messages",
    "/v1/conversations/<removed's direct>/messages",
    "/v1/conversations/<chat>/messages",
)


def read_all_lists(world: TeamWorld, who: str) -> str:
    """What somebody is shown by all lists together, and by all that has happened."""
    http, texts, after = world.client(who), [], 0
    for path in LISTS:
        texts.append(http.get(NAME.sub(lambda name: world.ids[name[0]], path)).text)
    while (page := http.get("/v1/changes", params={"after": after, "limit": 100}).json())["data"]:
        texts.append(json.dumps(page))
        after = page["next_after"]
    return "\n".join(texts)


def test_what_is_said_is_shown_to_those_alone_who_take_part(world: TeamWorld) -> None:
    """The former participant took part when some of it was said, and the removed member said some of it."""
    shown = {who: read_all_lists(world, who) for who in WHO}
    readers = {
        SECRET: {"maker", "member", "agent"},
        BETWEEN_TWO: {"maker", "member"},
        TO_AGENT: {"member", "agent", "removed"},  # who asked keeps the events of their own question
    }
    for words, expected in readers.items():
        assert {who for who, text in shown.items() if words in text} == expected, words
    assert {who for who, text in shown.items() if world.ids["<chat>"] in text} == {"member", "agent"}
    posted = {name: {who for who, text in shown.items() if world.ids[name] in text} for name in EVENTS}
    assert posted == {
        "<agent's event>": {"owner", "admin", "agent"},
        "<member's event>": {"owner", "member"},  # the owner has sent it
        "<account's event>": set(WHO) - {"stranger", "removed"},
    }

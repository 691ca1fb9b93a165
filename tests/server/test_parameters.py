# test_parameters.py -- a parameter counts only if a request brings it, and is checked then.
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI, Header, Query
from fastapi.dependencies import utils
from starlette.testclient import TestClient

from routes.dependencies import FOR_ANYONE
from routes.route import Route
from support.servers import Person

Seen = dict[str, object]


async def get_page(limit: Annotated[int, Query(le=9)] = 5, cursor: str | None = None) -> Seen:
    return {"limit": limit, "cursor": cursor}


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    app.router.route_class = Route

    @app.get("/rows", dependencies=[FOR_ANYONE])
    async def list_rows(
        page: Annotated[Seen, Depends(get_page)],
        kind: str,
        tag: Annotated[list[str] | None, Query()] = None,
        change: Annotated[str | None, Header(alias="Change-ID", max_length=3)] = None,
    ) -> Seen:
        return {**page, "kind": kind, "tag": tag, "change": change}

    return TestClient(app)


def test_what_a_request_leaves_out_has_its_default(client: TestClient) -> None:
    rest = {"limit": 5, "cursor": None, "tag": None, "change": None}
    assert client.get("/rows?kind=a").json() == {**rest, "kind": "a"}
    assert client.get("/rows?kind=a&limit=3").json() == {**rest, "kind": "a", "limit": 3}
    assert client.get("/rows?tag=x&kind=b&tag=y").json() == {**rest, "kind": "b", "tag": ["x", "y"]}
    assert client.get("/rows?kind=a", headers={"change-id": "c"}).json() == {
        **rest,
        "kind": "a",
        "change": "c",
    }
    assert client.get("/rows?kind=a&cursor=").json() == {**rest, "kind": "a", "cursor": ""}


def test_what_a_request_brings_is_checked_with_what_it_has_to_bring(client: TestClient) -> None:
    answer = client.get("/rows?limit=10", headers={"Change-ID": "four"})
    assert answer.status_code == 422
    places = [error["loc"] for error in answer.json()["detail"]]
    assert places == [["query", "limit"], ["query", "kind"], ["header", "Change-ID"]]


def test_only_what_a_request_brings_is_looked_at(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []
    original = utils._get_multidict_value

    def look(field: utils.ModelField, values: utils.QueryParams, alias: str) -> object:
        looked_at.append(alias)
        return original(field, values, alias)

    monkeypatch.setattr(utils, "_get_multidict_value", look)
    client.get("/rows?kind=a&limit=3")
    assert sorted(looked_at) == ["kind", "limit"]


def test_what_needs_nothing_but_the_request_is_called_without_fastapi(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    solved: list[str | None] = []
    original = utils.solve_dependencies

    def solve(*, dependant: utils.Dependant, **options: object) -> object:
        solved.append(dependant.name)
        return original(dependant=dependant, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(utils, "solve_dependencies", solve)  # which calls itself for what a route depends on
    assert client.get("/rows?kind=a").json()["limit"] == 5
    assert solved == [None]  # FOR_ANYONE, which gives no value
    assert client.get("/rows?kind=a&limit=3").json()["limit"] == 3
    assert solved == [None, None, "page"]


def test_the_next_page_of_a_list_keeps_a_filter_that_is_empty(ann: Person) -> None:
    for title, name in (("Bread", None), ("Milk", "Shopping"), ("Tea", None)):
        ann.post("/v1/tasks", title=title, list=name)
    first = ann.http.get("/v1/tasks", params={"list": "", "limit": 1})
    assert "list=&" in first.headers["link"]
    rest = ann.http.get(first.links["next"]["url"]).json()
    assert [task["title"] for task in first.json()["data"] + rest["data"]] == ["Tea", "Bread"]

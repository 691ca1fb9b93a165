# test_epoch_times.py -- `Prefer: timestamps=epoch-ms`: which times of an answer become integers, and which never do.
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.agent import BUILT_IN_ID
from server.epoch_times import asks_for_epoch, rewrite_times
from support.api.runs import STREAM, begin, followed
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, ok, read_events, wait_for_end

# Times are rewritten on their way out; what each engine stores is tried where all times of all answers are.
pytestmark = pytest.mark.engines("sqlite")

EPOCH = {"Prefer": "timestamps=epoch-ms"}
MOMENT, MILLISECONDS = "2026-01-31T12:00:00.123999Z", 1_769_860_800_123


def to_milliseconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp() * 1_000_000) // 1000


def expected(value: Any, *, is_root: bool = True) -> Any:
    """What the rule says of parsed JSON, said once more by other means."""
    if isinstance(value, list):
        return [expected(item, is_root=False) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {}
    for name, item in value.items():
        if name in ("arguments", "result", "shown", "payload") or (name == "data" and not is_root):
            changed[name] = item
        elif name.endswith("_at") and isinstance(item, str):
            changed[name] = to_milliseconds(item)
        else:
            changed[name] = expected(item, is_root=False)
    return changed


def prefer(person: Person, path: str, **params: Any) -> Any:
    answer = person.http.get(path, params=params, headers=EPOCH)
    assert answer.headers["preference-applied"] == "timestamps=epoch-ms"
    assert "Prefer" in answer.headers["vary"]
    assert answer.headers["content-length"] == str(len(answer.content))
    return ok(answer)


def find_times(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from [item] if name.endswith("_at") else find_times(item)
    elif isinstance(value, list):
        for item in value:
            yield from find_times(item)


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_every_time_of_every_answer_is_an_integer_and_what_is_stored_stays(ann: Person) -> None:
    answer = ann.chat("add buy milk")
    ann.post("/v1/tasks", title='the "created_at": "2026-01-01T00:00:00Z" of a task')
    asking = ann.chat("delete buy milk")
    task = ann.get("/v1/tasks")["data"][0]
    paths = [
        *("/v1/me", "/v1/me/sessions", "/v1/tasks", f"/v1/tasks/{task['id']}", "/v1/conversations"),
        f"/v1/conversations/{answer['conversation_id']}/messages",
        f"/v1/conversations/{answer['conversation_id']}/runs",
        *(f"/v1/runs/{asking['run_id']}", "/v1/tool-calls"),
    ]
    for path in paths:
        plain = ann.get(path)
        times = list(find_times(expected(plain)))
        assert times, path
        converted = prefer(ann, path)
        if path == "/v1/me/sessions":
            for session in [*plain["data"], *converted["data"]]:
                session["last_used_at"] = MOMENT if isinstance(session["last_used_at"], str) else MILLISECONDS
        assert converted == expected(plain), path
    chats = f"{ann.id}/{BUILT_IN_ID}"
    assert prefer(ann, f"/chats/{chats}") == prefer(ann, f"/v1/chats/{chats}") != ann.get(f"/chats/{chats}")
    # The task that a tool gave and the task that was shown keep their times.
    [made] = prefer(ann, "/v1/tool-calls")["data"]
    assert isinstance(made["started_at"], int)
    assert isinstance(made["result"]["created_at"], str)
    [approval] = prefer(ann, f"/v1/runs/{asking['run_id']}")["pending_approvals"]
    assert isinstance(approval["expires_at"], int)
    assert isinstance(approval["shown"]["task"]["created_at"], str)


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_both_streams_convert_each_frame_where_it_is_asked_for(ann: Person) -> None:
    with ann.http.stream("GET", "/v1/events/stream", headers=EPOCH) as stream:
        assert stream.headers["preference-applied"] == "timestamps=epoch-ms"
        events = read_events(stream, is_described=False)
        next(events)
        task = ann.post("/v1/tasks", title="Buy bread")
        assert next(events).data == {"task": expected(task)}
    run = begin(ann, "add buy milk")
    wait_for_end(ann, run)
    plain = followed(ann, run)
    with ann.http.stream("GET", f"/v1/runs/{run}/events", headers=EPOCH) as stream:
        assert stream.headers["vary"] == "Prefer"
        converted = list(read_events(stream, is_described=False))
    assert [event.data for event in converted] == [expected(event.data) for event in plain]
    assert [event.id for event in converted] == [event.id for event in plain]
    asked = ann.http.stream("POST", "/v1/chat", json={"message": "add rice"}, headers={**STREAM, **EPOCH})
    with asked as stream:
        said = list(read_events(stream, is_described=False))
    assert isinstance(said[-2].data["message"]["created_at"], int)


def test_a_repeated_request_may_prefer_another_form(ann: Person) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    body = {"title": "Buy milk"}
    first = ann.http.post("/v1/tasks", json=body, headers={**key, **EPOCH})
    plain = ann.http.post("/v1/tasks", json=body, headers=key)
    again = ann.http.post("/v1/tasks", json=body, headers={**key, **EPOCH})
    assert (first.status_code, plain.status_code, again.status_code) == (201, 201, 201)
    assert plain.headers["idempotent-replayed"] == again.headers["idempotent-replayed"] == "true"
    assert "preference-applied" not in plain.headers
    assert isinstance(plain.json()["created_at"], str)
    assert first.json() == again.json() == expected(plain.json())


def test_errors_and_answers_without_a_body_stay_what_they_are(server: Server, ann: Person) -> None:
    missing = ann.http.get(f"/v1/tasks/{uuid4()}", headers=EPOCH)
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
    assert missing.json()["detail"] == "There is no such task."
    assert server.client().get("/v1/me", headers=EPOCH).status_code == 401
    assert ann.http.post("/v1/tasks", json={}, headers=EPOCH).status_code == 422
    task = ann.post("/v1/tasks", title="Buy milk")
    gone = ann.http.delete(f"/v1/tasks/{task['id']}", headers=EPOCH)
    assert (gone.status_code, gone.content) == (204, b"")
    assert "preference-applied" not in gone.headers
    head = ann.http.head("/v1/me", headers=EPOCH)
    assert (head.content, head.headers["content-length"]) == (
        b"",
        ann.http.get("/v1/me", headers=EPOCH).headers["content-length"],
    )
    page = server.client().get("/web/scripts/main.js", headers=EPOCH)
    again = server.client().get(
        "/web/scripts/main.js", headers={**EPOCH, "If-None-Match": page.headers["etag"]}
    )
    assert again.status_code == 304
    described = server.client().get("/openapi.json", headers=EPOCH)
    assert described.json() == server.app.openapi()


def test_whoever_does_not_ask_gets_the_bytes_and_headers_of_before(ann: Person) -> None:
    ann.post("/v1/tasks", title="Buy milk")
    plain = ann.http.get("/v1/tasks")
    for value in (
        "",
        "return=minimal",
        "timestamps=iso",
        "timestamps",
        "timestamps=iso, timestamps=epoch-ms",
    ):
        other = ann.http.get("/v1/tasks", headers={"Prefer": value})
        assert other.content == plain.content, value
        assert {"preference-applied", "vary"} & set(other.headers) == set()


@pytest.mark.parametrize(
    ("headers", "asks"),
    [
        ([b"timestamps=epoch-ms"], True),
        ([b'respond-async, Timestamps = "epoch-ms" ; q=1'], True),
        ([b"return=minimal", b"timestamps=epoch-ms"], True),
        ([b"timestamps=epoch"], False),
        ([b"xtimestamps=epoch-ms"], False),
        ([b"timestamps=iso", b"timestamps=epoch-ms"], False),
        ([b"," * 5000], False),
        ([], False),
    ],
)
def test_a_preference_is_read_as_its_standard_says(headers: list[bytes], asks: bool) -> None:
    assert asks_for_epoch({"headers": [(b"prefer", value) for value in headers]}) is asks


def test_what_a_model_writes_into_a_call_is_never_touched(carl: Person, model: ScriptedModel) -> None:
    arguments = {"title": "x", "created_at": MOMENT, "deep": [{"due_at": MOMENT, "data": {"a_at": MOMENT}}]}
    model.answers = [[call("add_task", arguments)], [f'"created_at": "{MOMENT}"']]
    answer = carl.chat("one")
    message = prefer(carl, f"/v1/conversations/{answer['conversation_id']}/messages")["data"][-1]
    assert message["tool_calls"][0]["arguments"] == arguments
    assert message["content"] == f'"created_at": "{MOMENT}"'
    assert isinstance(message["created_at"], int)


NAMES = st.sampled_from(
    [
        "created_at",
        "at",
        "_at",
        "x_at",
        "data",
        "arguments",
        "result",
        "payload",
        "shown",
        'q"\\_at',
        "name",
        "ü",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just(MOMENT),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=25,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, VALUES, max_size=6), st.booleans(), st.booleans())
@pytest.mark.busy
def test_any_json_is_rewritten_by_the_rule_and_only_by_it(
    value: dict[str, Any], spaced: bool, ascii: bool
) -> None:
    separators = (" , ", " : ") if spaced else (",", ":")
    written = json.dumps(value, separators=separators, ensure_ascii=ascii).encode()

    def wanted(item: Any, is_root: bool = True) -> Any:
        if isinstance(item, list):
            return [wanted(inner, False) for inner in item]
        if not isinstance(item, dict):
            return item
        return {
            name: inner
            if name in ("arguments", "result", "shown", "payload") or (name == "data" and not is_root)
            else MILLISECONDS
            if name.endswith("_at") and inner == MOMENT
            else wanted(inner, False)
            for name, inner in item.items()
        }

    assert json.loads(rewrite_times(written)) == wanted(value)


def test_numbers_and_texts_keep_their_bytes() -> None:
    written = (
        rb'{"a": 1.0, "b": 1e400, "c": 123456789012345678901, "d": "\ud800", "e_at": "2026-01-31T12:00:00Z"}'
    )
    assert rewrite_times(written) == written.replace(b'"2026-01-31T12:00:00Z"', b"1769860800000")
    for time in ("2026-02-30T00:00:00Z", "soon", "", "2026-01-31"):
        assert rewrite_times(f'{{"created_at":"{time}"}}'.encode()) == f'{{"created_at":"{time}"}}'.encode()
    assert (
        rewrite_times(b'{"created_at":"1969-12-31T23:59:59.999900Z","x_at":null}')
        == b'{"created_at":-1,"x_at":null}'
    )


@pytest.mark.busy
def test_a_long_answer_is_rewritten_too(ann: Person) -> None:
    for n in range(30):
        ann.post("/v1/tasks", title=f"Task {n}", description="x" * 4000)
    plain = ann.get("/v1/tasks")
    answer = ann.http.get("/v1/tasks", headers=EPOCH)
    assert len(answer.content) > 64 * 1024
    assert answer.json() == expected(plain)

# test_dialects.py -- servers that speak chat completions, each in its own way: what is said to all means the same.
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from llm import providers
from llm.openai_wire import model as wire
from llm.protocol import AgentTurn, AnswerEnd, Model, ModelError, ToolCall, ToolSpec, Turn, UserTurn
from support.llm.dialects import Call, Dialect, load_dialects
from support.llm.providers import answer_of, asking, calls_of, open_model, text_of
from support.llm.scripted_provider import Reply, ScriptedProvider

pytestmark = pytest.mark.anyio
DIALECTS = load_dialects()
TOOLS = (
    ToolSpec(
        "add_task",
        "Add one task.",
        {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]},
    ),
    ToolSpec("list_tasks", "List the tasks.", {"type": "object", "properties": {"q": {"type": "string"}}}),
)
ONE: list[Call] = [("add_task", {"title": "Buy milk, “now”"})]
TWO: list[Call] = [("add_task", {"title": "One"}), ("add_task", {"title": "Two"})]
PIECES = ("Good", " mor", "ning", ".")


@dataclass
class Talk:
    """One message of a person, answered to its end as a run does it."""

    model: Model
    turns: list[Turn] = field(default_factory=list)
    ends: list[AnswerEnd] = field(default_factory=list)
    errors: list[ModelError] = field(default_factory=list)

    async def say(self, text: str) -> str:
        self.turns.append(UserTurn(text))
        for _ in range(6):
            try:
                events = await answer_of(self.model, asking(*self.turns, tools=TOOLS))
            except ModelError as error:
                self.errors.append(error)
                if not error.transient:
                    raise
                continue
            end = events[-1]
            assert isinstance(end, AnswerEnd)
            self.ends.append(end)
            calls = tuple(self.run(call) for call in calls_of(events))
            self.turns.append(AgentTurn(text_of(events), calls, opaque=end.opaque))
            if not calls:
                return text_of(events)
        raise AssertionError("the model did not come to an end")

    def run(self, call: ToolCall) -> ToolCall:
        failed = call.name == "list_tasks"
        outcome: dict[str, Any] = {"error": "The tasks cannot be read."} if failed else {"result": {"id": 1}}
        return ToolCall(call.id, call.name, call.arguments, opaque=call.opaque, **outcome)


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return DIALECTS[request.param]


@pytest.fixture
def talk(dialect: Dialect, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> Talk:
    url = f"{provider.root_url}{dialect.path}"
    if dialect.model.startswith("openai:"):
        monkeypatch.setitem(providers.BASE_URLS, "openai", url)
        return Talk(open_model(dialect.model, None))
    return Talk(open_model(dialect.model, url))


def script(provider: ScriptedProvider, dialect: Dialect, *replies: Reply) -> None:
    """The replies in turn, each after what the server refuses of its request."""
    left = list(replies)

    def answer(body: Any) -> Reply:
        return dialect.refuse(provider.requests[-1]) or left.pop(0)

    provider.script[:] = [answer] * 12


def count_asks(provider: ScriptedProvider, dialect: Dialect) -> int:
    """Requests beside those that were refused for a part of them."""
    return len(provider.requests) - len(dialect.refuses)


async def test_text(dialect: Dialect, talk: Talk, provider: ScriptedProvider) -> None:
    script(provider, dialect, dialect.reply(dialect.text(PIECES)))
    assert await talk.say("Hello") == "Good morning."
    assert (talk.errors, [end.finish_reason for end in talk.ends]) == ([], ["stop"])
    assert (talk.ends[0].input_tokens, talk.ends[0].output_tokens) == dialect.counts
    assert count_asks(provider, dialect) == 1


@pytest.mark.parametrize("calls", [ONE, TWO], ids=["one", "two"])
async def test_tools(dialect: Dialect, talk: Talk, provider: ScriptedProvider, calls: list[Call]) -> None:
    script(provider, dialect, dialect.reply(dialect.calls(calls)), dialect.reply(dialect.text(PIECES)))
    assert await talk.say("Add them") == "Good morning."
    _asked, step, _ = talk.turns
    assert isinstance(step, AgentTurn)
    assert [(call.name, call.arguments) for call in step.tool_calls] == calls
    assert len({call.id for call in step.tool_calls}) == len(calls)
    assert not any(call.truncated for call in step.tool_calls)
    assert (talk.errors, [end.finish_reason for end in talk.ends]) == ([], ["tool_calls", "stop"])
    assert count_asks(provider, dialect) == 2


async def test_a_failing_tool(dialect: Dialect, talk: Talk, provider: ScriptedProvider) -> None:
    script(
        provider,
        dialect,
        dialect.reply(dialect.calls([("list_tasks", {"q": "milk"})])),
        dialect.reply(dialect.text(PIECES)),
    )
    assert await talk.say("What is there?") == "Good morning."
    told = provider.requests[-1].body["messages"][-1]
    assert (told["role"], talk.errors) == ("tool", [])
    assert "The tasks cannot be read." in told["content"]


async def test_an_overload(dialect: Dialect, talk: Talk, provider: ScriptedProvider) -> None:
    script(provider, dialect, dialect.overload(), dialect.reply(dialect.text(PIECES)))
    assert await talk.say("Hello") == "Good morning."
    (error,) = talk.errors
    assert (error.transient, error.retry_after) == (True, dialect.retry_after)
    assert error.cause


CUTS: dict[str, Callable[[Dialect], Reply]] = {
    "text": lambda dialect: dialect.cut(dialect.text(PIECES), 2),
    "calls": lambda dialect: dialect.cut(dialect.calls(TWO), 0),
}


@pytest.mark.parametrize("what", CUTS)
async def test_a_cut_stream(dialect: Dialect, talk: Talk, provider: ScriptedProvider, what: str) -> None:
    script(provider, dialect, CUTS[what](dialect), dialect.reply(dialect.text(PIECES)))
    assert await talk.say("Hello") == "Good morning."
    assert [error.transient for error in talk.errors] == [True]
    assert len(talk.turns) == 2


async def test_what_is_refused_is_left_out_from_then_on_and_told_once(
    dialect: Dialect, talk: Talk, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(wire.log, "warning", lambda event, **words: told.append(words["refused"]))
    good = dialect.reply(dialect.text(PIECES))
    script(provider, dialect, good, good, good)
    for _ in range(3):
        assert await talk.say("Hello") == "Good morning."
    assert sorted(told) == sorted(dialect.refuses)
    assert count_asks(provider, dialect) == 3


def test_there_is_a_dialect_for_each_kind_of_server() -> None:
    assert len(DIALECTS) == 14

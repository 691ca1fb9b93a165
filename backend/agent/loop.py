# agent/loop.py -- the run loop: read history, ask the model, store what it said, run its tools, repeat.
import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlmodel import col

import access
from access import Caller
from agent.context import Assistant
from agent.direct_call_rows import MCP
from agent.history import Step, paragraph, read_history, replay_log
from agent.needed_approvals import find_to_ask
from agent.prompts import INSTRUCTIONS
from agent.run_ending import endings
from agent.text_pieces import fitting, joined_text
from db import Transaction
from errors import NotFound
from failure_causes import cause_of, place_of
from llm.protocol import ModelError, ModelRequest, TextDelta, ToolCall, ToolSpec, Usage
from llm.sanitize import as_arguments, clean
from models import Conversation, Run, RunEvent
from models.columns import now, rfc3339
from services import approvals, runs
from storage.dialects import read_clock
from tools.registry import TOOLS, ToolError, call_tool

log = structlog.get_logger()

MODEL_ATTEMPTS = 4
LONGEST_BACKOFF = 30.0


class AwaitingApproval(Exception):
    """The run waits for its person; whoever takes it up afterwards goes on from the log."""


class LeaseLost(Exception):
    """Another worker, or a cancel, has the run now: this one must not write any more."""


@dataclass
class RunLoop:
    """One run at work under one epoch. Each write locks the run and checks that the epoch still is ours."""

    assistant: Assistant
    run_id: UUID
    epoch: int
    caller: Caller
    steps: list[Step] = field(default_factory=list)
    tokens: int = 0
    asks_model: bool = True
    started_at: datetime = field(default_factory=now)

    async def write(
        self, work: Callable[[Transaction, Run], Awaitable[object]], *, answer: bool = False
    ) -> None:
        """A short transaction on the run; `answer` locks the conversation first, as the order of locks wants."""
        await self.assistant.write(self.guarded, work, answer)
        self.assistant.bells.ring(self.run_id)

    async def guarded(
        self, tx: Transaction, work: Callable[[Transaction, Run], Awaitable[object]], answer: bool
    ) -> None:
        mine = col(Run.id) == self.run_id
        if answer and (run := await access.find_row(tx, self.caller, Run, mine)):
            await access.find_row(
                tx, self.caller, Conversation, col(Conversation.id) == run.conversation_id, lock=True
            )
        run = await access.find_row(tx, self.caller, Run, mine, lock=True)
        if run is None or run.epoch != self.epoch or run.status != "running":
            raise LeaseLost
        await work(tx, run)

    async def add_event(self, type_: str, data: dict[str, Any]) -> None:
        await self.write(lambda tx, run: runs.add_event(tx, self.caller, run, type_, data))

    async def work(self) -> None:
        """Take the run from wherever its log stands to its end."""
        log = await self.read_steps()
        self.asks_model = log[0].data.get("source") != MCP
        if self.steps and self.steps[-1].text and not self.steps[-1].calls:
            await self.reset_text()  # half an answer of a worker that is gone
        try:
            async with asyncio.timeout(await self.seconds_left()) as clock:
                while await self.answered_with_calls():
                    pass
        except ModelError as error:
            await self.finish("failed", error.reason)
        except TimeoutError:
            if not clock.expired():
                raise
            await self.finish(
                "failed", f"The run took longer than {self.assistant.limits.seconds:g} seconds."
            )
        else:
            await self.finish("completed")

    async def give_up(self, reason: str) -> None:
        """The run ends with what it has said and done until now, and the model is not asked again."""
        await self.read_steps()
        await self.finish("failed", reason)

    async def read_steps(self) -> list[RunEvent]:
        """Where the run's log stands."""
        log = await self.assistant.read(runs.read_log, self.caller, self.run_id)
        self.steps = replay_log(log)
        return log

    async def seconds_left(self) -> float:
        """Of the run's time, also where another worker spent the first part of it; waiting for a yes is not part.

        All by the database's clock: the worker that spent it may have had another time.
        """

        async def read(tx: Transaction) -> tuple[Run, datetime, float]:
            run = await access.get_row(tx, self.caller, Run, self.run_id)
            return run, await read_clock(tx), await approvals.seconds_waited(tx, self.caller, self.run_id)

        run, moment, waited = await self.assistant.read(read)
        self.tokens = run.input_tokens + run.output_tokens
        assert run.started_at is not None
        self.started_at = run.started_at
        worked = (moment - run.started_at).total_seconds() - waited
        return max(0.0, self.assistant.limits.seconds - worked)

    async def answered_with_calls(self) -> bool:
        """Run what calls are open, then ask the model; False when its answer was text alone."""
        for call in self.steps[-1].calls if self.steps else ():
            if "finished_at" not in call:
                await self.run_tool(call)
        if not self.asks_model:
            return False
        self.check_limits()
        await self.ask_with_retries()
        return bool(self.steps[-1].calls)

    def check_limits(self) -> None:
        """Before the model is asked once more."""
        limits = self.assistant.limits
        calls = sum(len(step.calls) for step in self.steps)
        for what, used, most in (
            ("model requests", len(self.steps), limits.model_requests),
            ("tool calls", calls, limits.tool_calls),
            ("tokens", self.tokens, limits.tokens),
        ):
            if used >= most:
                raise limit_reached(most, what)

    async def ask_with_retries(self) -> None:
        self.steps.append(Step())
        for attempt in range(1, MODEL_ATTEMPTS + 1):
            try:
                return await self.ask_model()
            except ModelError as error:
                said = {"reason": error.reason, "cause": error.cause}
                log.warning("model failed", run=str(self.run_id), attempt=attempt, **said)
                if attempt == MODEL_ATTEMPTS or not error.transient:
                    raise
                pause = self.assistant.backoff_seconds * 2 ** (attempt - 1)
                if self.steps[-1].text:
                    await self.reset_text()
                await asyncio.sleep(min(max(pause, error.retry_after or 0), LONGEST_BACKOFF))

    async def reset_text(self) -> None:
        """Tell readers that the unfinished text does not count; `content` is what stands."""
        self.steps[-1].clear_text()
        await self.add_event("message.reset", {"step": len(self.steps) - 1, "content": self.content()})

    async def ask_model(self) -> None:
        """One model request: text goes into the log as it comes, tool calls when the answer is whole."""
        request = await self.request()
        step = self.steps[-1]
        calls: list[ToolCall] = []
        usage = Usage(0, 0)
        async with aclosing(joined_text(self.assistant.model.respond(request))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    await self.add_text(step, clean(event.text))
                elif isinstance(event, ToolCall):
                    calls.append(event)
                else:
                    usage = event
        # No more than the run may make: history then holds every call with what came of it.
        most = self.assistant.limits.tool_calls - sum(len(step.calls) for step in self.steps)
        if len(calls) > most:
            log.warning(
                "calls over the run's limit are left out", run=str(self.run_id), calls=len(calls), most=most
            )
        said = numbered(calls[:most], self.steps)

        async def store(tx: Transaction, run: Run) -> None:
            run.input_tokens += usage.input_tokens
            run.output_tokens += usage.output_tokens
            for call in said:
                await runs.add_event(tx, self.caller, run, "tool.call", {"step": len(self.steps) - 1, **call})

        await self.write(store)
        self.tokens += usage.input_tokens + usage.output_tokens
        step.calls += said

    async def add_text(self, step: Step, text: str) -> None:
        text = paragraph(self.steps, text)
        most = self.assistant.limits.answer_bytes
        fits = fitting(text, most - sum(step.size for step in self.steps))
        if fits:
            step.add_text(fits)
            await self.add_event("message.delta", {"step": len(self.steps) - 1, "text": fits})
        if fits != text:
            raise limit_reached(most, "bytes of text")

    async def request(self) -> ModelRequest:
        caller, run_id = self.caller, self.run_id

        async def read(tx: Transaction) -> list[Any]:
            run = await access.get_row(tx, caller, Run, run_id)
            return await read_history(tx, caller, run, self.assistant.limits.context_tokens)

        history = await self.assistant.read(read)
        turns = [*history, *(step.turn() for step in self.steps[:-1] if step.text or step.calls)]
        specs = [ToolSpec(tool.name, tool.description, tool.parameters()) for tool in TOOLS.values()]
        # One time for the whole run: what "tomorrow" means must not change on its way, nor when it is replayed.
        most = self.assistant.limits.answer_bytes
        return ModelRequest(INSTRUCTIONS, turns, specs, self.started_at, caller.timezone, most)

    async def run_tool(self, call: dict[str, Any]) -> None:
        """The tool's effect and its result are committed together, or neither is; or its person is asked first."""
        started_at = rfc3339(now())
        outcome: dict[str, Any] = {}

        async def step(tx: Transaction, run: Run) -> None:
            outcome.clear()
            if asked := await find_to_ask(tx, self.caller, run, self.steps, call):
                seconds = self.assistant.limits.approval_seconds
                await approvals.request_approvals(tx, self.caller, run, len(self.steps) - 1, asked, seconds)
                return
            outcome.update(
                await made(tx, self.caller, call), started_at=started_at, finished_at=rfc3339(now())
            )
            data = {"step": len(self.steps) - 1, "id": call["id"], "name": call["name"], **outcome}
            await runs.add_event(tx, self.caller, run, "tool.result", data)

        await self.write(step)
        if not outcome:
            raise AwaitingApproval
        call.update(outcome)

    def content(self) -> str:
        return "".join(step.text for step in self.steps)

    async def finish(self, status: str, error: str | None = None) -> None:
        """End the run: one agent message with all that was said and done, or with as much as can be stored."""
        *first, last = endings(self.steps, status, error)
        for number, ending in enumerate(first, 1):
            try:
                return await self.write(lambda tx, run: ending(tx, self.caller, run), answer=True)  # noqa: B023
            except (LeaseLost, NotFound):
                raise
            except Exception as refusal:
                why = {"cause": cause_of(refusal), "place": place_of(refusal)}
                log.warning("an ending cannot be stored", run=str(self.run_id), attempt=number, **why)
                if number == 1:  # a connection that broke is there again soon
                    await asyncio.sleep(self.assistant.backoff_seconds)
        await self.write(lambda tx, run: last(tx, self.caller, run), answer=True)


def limit_reached(most: float, what: str) -> ModelError:
    return ModelError(f"The run reached its limit of {most} {what}.", transient=False)


async def made(tx: Transaction, caller: Caller, call: dict[str, Any]) -> dict[str, Any]:
    """What came of the call: a result or an error. One that was not approved is not made."""
    decision = call["approval"]["decision"] if "approval" in call else "approved"
    if decision != "approved":
        return {"result": None, "error": approvals.REFUSALS[decision]}
    try:
        return {"result": await call_tool(tx, caller, call["name"], call["arguments"]), "error": None}
    except ToolError as error:
        return {"result": None, "error": str(error)}


def numbered(calls: list[ToolCall], steps: list[Step]) -> list[dict[str, Any]]:
    """The calls as the log keeps them, each with an id that is its own within the run."""
    taken = {call["id"] for step in steps for call in step.calls}
    numbers: dict[str, int] = {}
    named = []
    for call in calls:
        name = clean(call.id)[:100] or "call"
        unique, number = name, numbers.get(name, 1)
        while unique in taken:
            number += 1
            unique = f"{name}-{number}"
        numbers[name] = number
        taken.add(unique)
        arguments = as_arguments(call.arguments)
        named.append({"id": unique, "name": clean(call.name)[:100], "arguments": arguments})
    return named

# agent/loop.py -- the run loop: read history, ask the model, store what it said, run its tools, repeat.
import asyncio
from asyncio import sleep
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlmodel import col
from structlog.typing import FilteringBoundLogger

import access
from access import Caller
from agent.context import AgentContext
from agent.direct_call_rows import MCP_SOURCE
from agent.history import Step, begin_paragraph, read_history, rebuild_steps
from agent.model_request import build_model_request
from agent.needed_approvals import find_calls_needing_approval
from agent.run_ending import LeaseLost, list_endings, store_ending
from agent.text_pieces import coalesce_text, cut_to_bytes
from clock import rfc3339, utc_now
from db import Transaction
from llm.protocol import AnswerEnd, ContextOverflow, ModelError, ModelRequest, TextDelta, ToolCall
from llm.sanitize import sanitize, sanitize_arguments
from models import Conversation, Run, RunEvent
from models.recorded_call import CallOutcome, RecordedCall, is_finished, set_outcome
from models.run import RunStatus
from services import approvals, runs
from storage.dialects import read_clock
from tools.registry import ToolError, call_tool

log: FilteringBoundLogger = structlog.get_logger()

MAX_MODEL_ATTEMPTS = 4
MAX_BACKOFF_SECONDS = 30.0


class RunAwaitsApproval(Exception):
    """The run awaits its user; the worker that claims it afterwards continues from the log."""


@dataclass
class RunLoop:
    """One run under one epoch. Each write locks the run and checks that its epoch has not changed."""

    context: AgentContext
    run_id: UUID
    epoch: int
    caller: Caller
    steps: list[Step] = field(default_factory=list)
    tokens: int = 0
    uses_model: bool = True
    started_at: datetime = field(default_factory=utc_now)
    # When the run's time is up, by the loop's clock; and whether the model has said that it read too much.
    deadline: float | None = None
    is_context_halved: bool = False

    async def write(
        self, work: Callable[[Transaction, Run], Awaitable[object]], *, answer: bool = False
    ) -> None:
        """A short transaction on the run; `answer` locks the conversation first (lock order: conversation, run)."""
        await self.context.write(self.with_run_locked, work, answer)
        self.context.notifier.notify(self.run_id)

    async def with_run_locked(
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
        """Continue the run from its log, to its end."""
        log = await self.read_steps()
        self.uses_model = log[0].data.get("source") != MCP_SOURCE
        if self.steps and self.steps[-1].text and not self.steps[-1].calls:
            await self.reset_text()  # an unfinished answer of a lost worker
        try:
            async with asyncio.timeout(await self.seconds_left()) as clock:
                self.deadline = clock.when()
                while await self.run_step():
                    pass
        except ModelError as error:
            await self.finish("failed", error.reason)
        except TimeoutError:
            if not clock.expired():
                raise
            await self.finish("failed", f"The run took longer than {self.context.limits.seconds:g} seconds.")
        else:
            await self.finish("completed")

    async def give_up(self, reason: str) -> None:
        """The run ends with what it has said and done until now, and the model is not asked again."""
        await self.read_steps()
        await self.finish("failed", reason)

    async def read_steps(self) -> list[RunEvent]:
        """Where the run's log stands."""
        log = await self.context.read(runs.read_log, self.caller, self.run_id)
        self.steps = rebuild_steps(log)
        return log

    async def seconds_left(self) -> float:
        """Seconds left of the run's limit; time on earlier workers counts, time awaiting approval does not.

        Measured by the database's clock, since the clocks of workers may differ.
        """

        async def read(tx: Transaction) -> tuple[Run, datetime, float]:
            run = await access.get_row(tx, self.caller, Run, self.run_id)
            return (
                run,
                await read_clock(tx),
                await approvals.compute_approval_seconds(tx, self.caller, self.run_id),
            )

        run, moment, waited = await self.context.read(read)
        self.tokens = run.input_tokens + run.output_tokens
        assert run.started_at is not None
        self.started_at = run.started_at
        worked = (moment - run.started_at).total_seconds() - waited
        return max(0.0, self.context.limits.seconds - worked)

    async def run_step(self) -> bool:
        """Run what calls are open, then ask the model; False when its answer was text alone."""
        for call in self.steps[-1].calls if self.steps else ():
            if not is_finished(call):
                await self.run_tool(call)
        if not self.uses_model:
            return False
        self.check_limits()
        await self.ask_with_retries()
        return bool(self.steps[-1].calls)

    def check_limits(self) -> None:
        """Before the model is asked once more."""
        limits = self.context.limits
        calls = sum(len(step.calls) for step in self.steps)
        for what, used, most in (
            ("model requests", len(self.steps), limits.model_requests),
            ("tool calls", calls, limits.tool_calls),
            ("tokens", self.tokens, limits.tokens),
        ):
            if used >= most:
                raise make_limit_error(most, what)

    async def ask_with_retries(self) -> None:
        self.steps.append(Step())
        for attempt in range(1, MAX_MODEL_ATTEMPTS + 1):
            try:
                return await self.ask_model()
            except ModelError as error:
                said = {"reason": error.reason, "cause": error.cause}
                log.warning("model failed", attempt=attempt, **said)
                shortens = isinstance(error, ContextOverflow) and not self.is_context_halved
                if attempt == MAX_MODEL_ATTEMPTS or not (error.transient or shortens):
                    raise
                self.is_context_halved = self.is_context_halved or shortens
                pause = min(self.context.backoff_seconds * 2 ** (attempt - 1), MAX_BACKOFF_SECONDS)
                pause = 0 if shortens else max(pause, error.retry_after or 0)
                if self.deadline and asyncio.get_running_loop().time() + pause >= self.deadline:
                    raise  # the provider asks for more time than the run has
                if self.steps[-1].text:
                    await self.reset_text()
                await sleep(pause)

    async def reset_text(self) -> None:
        """Log that the unfinished text is withdrawn; `content` is the text that remains."""
        self.steps[-1].clear_text()
        await self.add_event("message.reset", {"step": len(self.steps) - 1, "content": self.content()})

    async def ask_model(self) -> None:
        """One model request: text goes into the log as it comes, tool calls when the answer is whole."""
        request = await self.build_request()
        step = self.steps[-1]
        calls: list[ToolCall] = []
        end = AnswerEnd()
        async with aclosing(coalesce_text(self.context.model.respond(request))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    await self.append_text(step, sanitize(event.text))
                elif isinstance(event, ToolCall):
                    calls.append(event)
                else:
                    end = event
        # No more than the run may make: history then holds every call with what came of it.
        most = self.context.limits.tool_calls - sum(len(step.calls) for step in self.steps)
        if len(calls) > most:
            log.warning("calls over the run's limit are left out", calls=len(calls), most=most)
        said = assign_call_ids(calls[:most], self.steps)

        async def store(tx: Transaction, run: Run) -> None:
            run.input_tokens += end.input_tokens
            run.output_tokens += end.output_tokens
            for call in said:
                await runs.add_event(tx, self.caller, run, "tool.call", {"step": len(self.steps) - 1, **call})

        await self.write(store)
        self.tokens += end.input_tokens + end.output_tokens
        step.calls += said

    async def append_text(self, step: Step, text: str) -> None:
        text = begin_paragraph(self.steps, text)
        most = self.context.limits.answer_bytes
        fits = cut_to_bytes(text, most - sum(step.size for step in self.steps))
        if fits:
            step.add_text(fits)
            await self.add_event("message.delta", {"step": len(self.steps) - 1, "text": fits})
        if fits != text:
            raise make_limit_error(most, "bytes of text")

    async def build_request(self) -> ModelRequest:
        caller, run_id = self.caller, self.run_id
        context_tokens = self.context.limits.context_tokens // (2 if self.is_context_halved else 1)

        async def read(tx: Transaction) -> list[Any]:
            run = await access.get_row(tx, caller, Run, run_id)
            return await read_history(tx, caller, run, context_tokens)

        history = await self.context.read(read)
        return build_model_request(
            history,
            self.steps[:-1],
            self.started_at,
            caller.timezone,
            self.context.limits.answer_bytes,
            context_tokens,
        )

    async def run_tool(self, call: RecordedCall) -> None:
        """Commit the tool's effect and its result together, or request an approval first."""
        started_at = rfc3339(utc_now())
        outcome: CallOutcome | None = None

        async def step(tx: Transaction, run: Run) -> None:
            nonlocal outcome
            outcome = None
            if asked := await find_calls_needing_approval(tx, self.caller, run, self.steps, call):
                seconds = self.context.limits.approval_seconds
                await approvals.request_approvals(tx, self.caller, run, len(self.steps) - 1, asked, seconds)
                return
            result, error = await execute_call(tx, self.caller, call)
            outcome = {
                "result": result,
                "error": error,
                "started_at": started_at,
                "finished_at": rfc3339(utc_now()),
            }
            data = {"step": len(self.steps) - 1, "id": call["id"], "name": call["name"], **outcome}
            await runs.add_event(tx, self.caller, run, "tool.result", data)

        await self.write(step)
        if outcome is None:
            raise RunAwaitsApproval
        set_outcome(call, outcome)

    def content(self) -> str:
        return "".join(step.text for step in self.steps)

    async def finish(self, status: RunStatus, error: str | None = None) -> None:
        """End the run: one agent message with all that was said and done, or with as much as can be stored."""
        by_size = list_endings(self.steps, status, error)

        async def store(size: int) -> None:
            await self.write(lambda tx, run: by_size[size](tx, self.caller, run), answer=True)

        await store_ending(store, self.run_id, self.context.backoff_seconds)


def make_limit_error(most: float, what: str) -> ModelError:
    return ModelError(f"The run reached its limit of {most} {what}.", transient=False)


async def execute_call(tx: Transaction, caller: Caller, call: RecordedCall) -> tuple[Any, str | None]:
    """The result and the error of the call, one of them None. A call that was not approved is not made."""
    decision = call["approval"]["decision"] if "approval" in call else "approved"
    if decision != "approved":
        return None, approvals.REFUSALS[decision or "denied"]
    try:
        return await call_tool(tx, caller, call["name"], call["arguments"]), None
    except ToolError as error:
        return None, str(error)


def assign_call_ids(calls: list[ToolCall], steps: list[Step]) -> list[RecordedCall]:
    """The calls as the log keeps them, each with an id that is its own within the run."""
    taken = {call["id"] for step in steps for call in step.calls}
    numbers: dict[str, int] = {}
    named: list[RecordedCall] = []
    for call in calls:
        name = sanitize(call.id)[:100] or "call"
        unique, number = name, numbers.get(name, 1)
        while unique in taken:
            number += 1
            unique = f"{name}-{number}"
        numbers[name] = number
        taken.add(unique)
        arguments = sanitize_arguments(call.arguments)
        named.append({"id": unique, "name": sanitize(call.name)[:100], "arguments": arguments})
    return named

# agent/loop.py -- the run loop: read history, call the model, store its answer, run its tools, repeat.
import asyncio
from asyncio import sleep
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog
from structlog.typing import FilteringBoundLogger

import access
from access import Caller
from agent.call_transaction import begin_call, end_call
from agent.context import AgentContext, cut_to_bytes
from agent.histories.history import begin_paragraph
from agent.histories.run_history import read_run_history
from agent.histories.shared_history import Speaker
from agent.leases import Lease
from agent.needed_approvals import RunAwaitsApproval, find_calls_needing_approval
from agent.prompts import build_model_request
from agent.run_counts import LimitReached, count_end, count_usage, name_cause
from agent.run_limits import MAX_MODEL_ATTEMPTS
from agent.run_writer import FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS, RunLog
from agent.tool_calls import CallFailed, assign_call_ids, check_call, execute_call, execute_read
from db import Transaction
from errors import DatabaseBusy
from events.deferred import write_deferred_events
from failure_causes import log_failure
from llm.protocol import (
    AnswerEnd,
    ContextOverflow,
    Model,
    ModelError,
    ModelRequest,
    TextDelta,
    TokensUsed,
    ToolCall,
    Turn,
)
from llm.sanitize import sanitize
from models import Run, RunEvent
from models.agent import MAX_MODEL_NAME
from models.recorded_call import CallOutcome, LoggedCall, is_finished, set_outcome
from models.run import MCP_SOURCE, RunStatus
from models.shapes import JsonObject
from services import approvals, run_endings, run_log
from services.audit.query_audit import tell_queries
from services.run_endings import Ending, build_end, list_endings, store_end, store_ending
from services.run_log import LeaseLost, Line, Step, rebuild_steps, to_line
from services.run_usage import NO_USAGE, Usage, read_usage
from storage.dialects import read_clock
from storage.failures import is_connection_lost

log: FilteringBoundLogger = structlog.get_logger()

MAX_BACKOFF_SECONDS = 30.0


@dataclass
class RunLoop:
    """One run under one lease. Whatever it writes is refused once the run's epoch has changed."""

    context: AgentContext
    lease: Lease
    steps: list[Step] = field(default_factory=list)
    history: list[Turn] | None = None
    # Among people, who asks: known with the history.
    asker: Speaker | None = None
    uses_model: bool = True
    # Of all model requests, and of the last one.
    usage: Usage = NO_USAGE
    request_usage: Usage = NO_USAGE
    log: RunLog = field(init=False)
    # When the time of the run is up, by the clock of the event loop; and whether the model has refused its context.
    deadline: float | None = None
    is_context_halved: bool = False
    # What the end has found to be next in the conversation; None: somebody has to look.
    next_run_ids: list[UUID] | None = None

    def __post_init__(self) -> None:
        run = self.lease.run
        self.usage = read_usage(run)
        self.log = self.context.writer.open_log(run.id, self.caller.user_id, self.lease.epoch)

    @property
    def caller(self) -> Caller:
        return self.lease.caller

    @property
    def model(self) -> Model:
        return self.context.find_model(self.lease.agent.model if self.lease.agent else None)

    def close(self) -> None:
        """Nothing is written for the run any more."""
        self.log.close()

    async def work(self) -> None:
        """Continue the run from its log, to its end."""
        seconds = self.context.limits.seconds
        if self.lease.is_new:
            self.log.last_seq = 1
        else:
            log = await self.read_steps()
            self.uses_model = log[0].data.get("source") != MCP_SOURCE
            seconds = await self.read_seconds_left()
        if self.steps and self.steps[-1].text and not self.steps[-1].calls:
            self.reset_text()  # the unfinished answer of a lost worker
        try:
            async with asyncio.timeout(seconds) as clock:
                self.deadline = clock.when()
                while await self.run_step():
                    pass
        except ModelError as error:
            await self.finish("failed", error.reason, name_cause(error))
        except TimeoutError:
            if not clock.expired():
                raise
            reason = f"The run took longer than {self.context.limits.seconds:g} seconds."
            await self.finish("failed", reason, "time")
        else:
            await self.finish("completed")

    async def give_up(self, reason: str) -> None:
        """End the run with its text and calls so far, without another model request."""
        await self.read_steps()
        await self.finish("failed", reason, "lost workers")

    async def read_steps(self) -> list[RunEvent]:
        """Where the run's log stands."""
        log = await self.context.read(run_log.read_log, self.caller, self.lease.run_id)
        self.steps = rebuild_steps(log)
        self.log.last_seq = log[-1].seq if log else 0
        return log

    async def read_seconds_left(self) -> float:
        """Seconds left of the run's limit; time on earlier workers counts, time awaiting approval does not.

        The database's clock counts, because the clocks of workers may differ.
        """

        async def read(tx: Transaction) -> tuple[datetime, float]:
            waited = await approvals.compute_approval_seconds(tx, self.caller, self.lease.run_id)
            return await read_clock(tx), waited

        moment, waited = await self.context.read(read)
        assert self.lease.run.started_at is not None
        worked = (moment - self.lease.run.started_at).total_seconds() - waited
        return max(0.0, self.context.limits.seconds - worked)

    async def run_step(self) -> bool:
        """Run the unfinished calls, then call the model; False when its answer has no tool calls."""
        for call in self.steps[-1].calls if self.steps else ():
            if not is_finished(call):
                await self.run_tool(call)
        if not self.uses_model:
            return False
        self.check_limits()
        await self.ask_with_retries()
        return bool(self.steps[-1].calls)

    def check_limits(self) -> None:
        """Raise ModelError if the run may make no further model request."""
        limits = self.context.limits
        calls = sum(len(step.calls) for step in self.steps)
        for what, used, most in (
            ("model requests", len(self.steps), limits.model_requests),
            ("tool calls", calls, limits.tool_calls),
            ("tokens", self.usage.input_tokens + self.usage.output_tokens, limits.tokens),
        ):
            if used >= most:
                raise LimitReached(most, what)

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
                if shortens:
                    self.is_context_halved, self.history = True, None
                pause = min(self.context.backoff_seconds * 2 ** (attempt - 1), MAX_BACKOFF_SECONDS)
                pause = 0 if shortens else max(pause, error.retry_after or 0)
                if self.deadline and asyncio.get_running_loop().time() + pause >= self.deadline:
                    raise  # the provider asks for more time than the run has
                if self.steps[-1].text or not self.request_usage.is_empty:
                    self.reset_text()
                await sleep(pause)

    def reset_text(self) -> None:
        """Log that the unfinished text is withdrawn; `content` is the text that remains."""
        self.steps[-1].clear_text()
        self.log.add_line("message.reset", {"step": len(self.steps) - 1, "content": self.content()})

    async def ask_model(self) -> None:
        """One model request: text is logged while it arrives, tool calls when the answer is complete."""
        request = await self.build_request()
        step = self.steps[-1]
        calls: list[ToolCall] = []
        end = AnswerEnd()
        self.request_usage = Usage(self.model.name[:MAX_MODEL_NAME])
        self.log.add_usage(self.request_usage)
        async with aclosing(self.model.respond(request)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    await self.append_text(step, sanitize(event.text))
                elif isinstance(event, ToolCall):
                    calls.append(event)
                else:
                    self.count_tokens(event)
                    end = event if isinstance(event, AnswerEnd) else end
        # Calls over the limit are dropped: every call in the history has an outcome.
        most = self.context.limits.tool_calls - sum(len(step.calls) for step in self.steps)
        if len(calls) > most:
            log.warning("calls over the run's limit are left out", calls=len(calls), most=most)
        said = assign_call_ids(self.lease.run_id, calls[:most], self.steps)
        step.opaque = end.opaque if said else None
        step.finish_reason = "length" if end.finish_reason == "length" else "stop"
        step.choices = [sanitize(choice) for choice in end.choices] or None
        for number, call in enumerate(said):
            opaque = step.opaque if number == 0 else None
            self.log.add_line("tool.call", run_log.describe_call(len(self.steps) - 1, call, opaque))
        step.calls += said

    def count_tokens(self, counted: TokensUsed | AnswerEnd) -> None:
        """The provider's last count of a request holds. It is stored with the next line of the log."""
        model, tokens = self.request_usage.model, (counted.input_tokens, counted.output_tokens)
        usage = Usage(model, *tokens, self.context.compute_cost(self.model.name, *tokens))
        more = usage.since(self.request_usage)
        self.request_usage, self.usage = usage, self.usage.add(more)
        self.log.add_usage(more)
        count_usage(self.model.name, more)

    async def append_text(self, step: Step, text: str) -> None:
        text = begin_paragraph(self.steps, text)
        most = self.context.limits.answer_bytes
        fits = cut_to_bytes(text, most - sum(step.size for step in self.steps))
        if fits:
            step.add_text(fits)
            self.log.add_text(len(self.steps) - 1, fits)
            await self.log.wait_for_room()
        if fits != text:
            raise LimitReached(most, "bytes of text")

    async def build_request(self) -> ModelRequest:
        """The history is read once: while the run is at work, nothing is said in front of it."""
        run, context_tokens = self.lease.run, self.context.limits.context_tokens
        if self.is_context_halved:
            context_tokens //= 2
        if self.history is None:
            self.history, self.asker = await read_run_history(self.context, self.lease, context_tokens)
        assert run.started_at is not None
        return build_model_request(
            self.history,
            self.steps[:-1],
            run.started_at,
            self.caller,
            self.context.limits.answer_bytes,
            context_tokens,
            self.lease.agent,
            self.asker,
            self.context.find_databases(self.lease.agent) is not None,
        )

    async def run_tool(self, call: LoggedCall) -> None:
        """Commit the tool's effect and its result together, or request an approval first."""
        try:
            is_stored = check_call(self.context, self.lease.agent, call)
            if is_stored:
                outcome = await self.change_rows(call)
            else:
                outcome = await execute_read(self.context, self.caller, self.lease.agent, call)
        except CallFailed as failure:
            outcome, is_stored = failure.outcome, False
        if not is_stored:
            self.log.add_line("tool.result", self.describe_result(call, outcome))
        set_outcome(call, outcome)

    def describe_result(self, call: LoggedCall, outcome: CallOutcome) -> JsonObject:
        return {"step": len(self.steps) - 1, "id": call["id"], "name": call["name"], **outcome}

    async def change_rows(self, call: LoggedCall) -> CallOutcome:
        """One transaction: the run is held, its lines so far are stored, the call made, its result logged.

        RunAwaitsApproval if it has to wait.
        """
        outcome: CallOutcome | None = None

        async def make_call(tx: Transaction) -> list[Line]:
            nonlocal outcome
            run = self.lease.run
            policy = await begin_call(tx, self.caller, run.id, run.epoch, self.log.unstored_usage, rest)
            if run.is_shared:  # others' words are in what the model reads
                policy = "always"
            asked = await find_calls_needing_approval(tx, self.caller, run, self.steps, call, policy)
            if asked:
                run = await access.get_row(tx, self.caller, Run, run.id)
                seconds = self.context.limits.approval_seconds
                step = len(self.steps) - 1
                await approvals.request_approvals(tx, self.caller, run, step, asked, seconds)
                await write_deferred_events(tx)
                return self.to_lines(run_log.get_added_events(tx))
            outcome = await execute_call(tx, self.caller.in_call(run.id, call["id"]), call)
            [result] = self.log.number_lines([("tool.result", self.describe_result(call, outcome))])
            await end_call(tx, result)
            return [result]

        rest = await self.log.take_rest()
        try:
            self.log.finish_rest([*rest, *await self.write_through_outage(make_call)])
        finally:
            self.log.give_back_rest()
        if outcome is None:
            raise RunAwaitsApproval
        return outcome

    def to_lines(self, events: list[RunEvent]) -> list[Line]:
        return [to_line(event, self.lease.epoch) for event in events]

    async def write_through_outage(self, work: Callable[[Transaction], Awaitable[list[Line]]]) -> list[Line]:
        """Run the transaction, again while the database is away. Before that a look tells whether it was stored."""
        pause, again = FIRST_PAUSE_SECONDS, False
        while True:
            try:
                if again:
                    place = (self.lease.run_id, self.log.last_seq)
                    stored = await self.context.read(run_log.read_events, self.caller, *place)
                    if stored:
                        return self.to_lines(stored)
                return await self.context.write(work)
            except DatabaseBusy as error:
                if error.__cause__ is None or not is_connection_lost(error.__cause__):
                    raise
                log_failure(
                    "a call could not be stored: trying again",
                    error,
                    run=str(self.lease.run_id),
                    seconds=pause,
                )
                await sleep(pause)
                pause, again = min(2 * pause, MAX_PAUSE_SECONDS), True

    def content(self) -> str:
        return "".join(step.text for step in self.steps)

    def note_stored(self, events: list[RunEvent]) -> None:
        """A transaction has stored these events, and the usage with them."""
        self.log.finish_usage()
        self.log.advance(self.to_lines(events))

    async def finish(self, status: RunStatus, error: str | None = None, cause: str = "") -> None:
        """End the run: one agent message with all that was said and done, or with as much as can be stored."""
        if isinstance(self.log.failure, LeaseLost):
            raise self.log.failure
        by_size = list_endings(self.steps, status, error)

        async def store(size: int) -> None:
            if size > 0 or not await self.finish_in_one_statement(status, error):
                await self.finish_in_a_transaction(by_size[size])

        await store_ending(store, self.context.backoff_seconds, run=self.lease.run_id)
        count_end(self.lease.run, status, cause)

    async def finish_in_one_statement(self, status: RunStatus, error: str | None) -> bool:
        """False where it needs a transaction: others write there, it tells of queries, or it is not PostgreSQL."""
        is_plain = not self.lease.run.is_shared and not tell_queries(self.lease.agent, self.steps)
        if self.log.failure is not None or not self.context.db.is_postgresql or not is_plain:
            return False
        rest = await self.log.take_rest()
        end = build_end(self.lease.run, self.steps, status, error, self.usage, self.lease.agent)
        lines = [*rest, *self.log.number_lines(end.log)]
        try:
            where = (self.context.db, self.caller, self.lease.run)
            stored = await store_end(*where, end, lines, self.log.unstored_usage)
            if stored is not None:
                self.next_run_ids = stored.next_run_ids
                self.log.finish_rest(lines)
        finally:
            self.log.give_back_rest()
        return stored is not None

    async def finish_in_a_transaction(self, ending: Ending) -> None:
        """The conversation is locked before the run, as everywhere."""

        async def end_run(tx: Transaction) -> list[RunEvent]:
            await run_endings.find_conversation(tx, self.caller, self.lease.run, lock=True)
            held = (self.lease.run_id, self.lease.epoch)
            await run_log.hold_run(tx, self.caller, *held, self.log.unstored_usage)
            await ending(tx, self.caller, await access.get_row(tx, self.caller, Run, self.lease.run_id))
            return run_log.get_added_events(tx)

        if self.log.failure is None:
            await self.log.settle()
        self.note_stored(await self.context.write(end_run))

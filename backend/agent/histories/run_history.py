# agent/histories/run_history.py -- what a run reads before its model is asked, wherever its conversation is.
from agent.context import AgentContext
from agent.histories.history import begin_history, read_history
from agent.histories.shared_history import Speaker, read_shared_history
from agent.leases import Lease
from llm.protocol import Turn


async def read_run_history(
    context: AgentContext, lease: Lease, context_tokens: int
) -> tuple[list[Turn], Speaker | None]:
    """The turns up to the message that asked, and among people who asks."""
    run, caller = lease.run, lease.caller
    if lease.opening is not None:
        return begin_history(caller, run.conversation_id, *lease.opening, context.histories), None
    if run.is_shared:
        name = lease.agent.name if lease.agent else ""
        shared = await context.read(read_shared_history, caller, run, name, context_tokens)
        return shared.turns, shared.asker
    where = (run.conversation_id, run.trigger_seq)
    return await context.read(read_history, caller, *where, context_tokens, context.histories), None

# agent/offered_tools.py -- which tools an agent has: those that its account has left it, and databases to query.
from collections.abc import Mapping

from services.agents.profiles import AgentProfile
from tools.registry import DATA_TOOLS, TOOLS, AnyTool


def offer_tools(agent: AgentProfile | None, *, has_databases: bool) -> Mapping[str, AnyTool]:
    """By name. The built-in agent, and one that is not cut to some, has all but those that query data."""
    offered: dict[str, AnyTool] = {
        name: tool for name, tool in TOOLS.items() if agent is None or agent.may_use(name)
    }
    if agent is not None and agent.tools is not None and has_databases:
        offered |= {name: tool for name, tool in DATA_TOOLS.items() if name in agent.tools}
    return offered

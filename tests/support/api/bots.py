# support/api/bots.py -- an external agent with a key, as a program has it.
from dataclasses import dataclass

import httpx

from support.api.accounts import Team
from support.servers import Server


@dataclass
class Bot:
    """`path` is that of the agent; `http` sends its key along."""

    id: str
    path: str
    key_id: str
    http: httpx.Client


def add_bot(
    server: Server, team: Team, name: str = "Robot", scopes: tuple[str, ...] = ("read", "write")
) -> Bot:
    owner = team.people["owner"]
    agent = owner.post(f"{team.path}/agents", name=name, kind="external")
    path = f"{team.path}/agents/{agent['id']}"
    key = owner.post(f"{path}/tokens", name="key", scopes=list(scopes))
    return Bot(agent["id"], path, key["id"], server.client(Authorization=f"Bearer {key['token']}"))

# support/api/asking.py -- agents in a group, and what comes of asking them.
from typing import Any

from support.api.accounts import Team
from support.servers import Person, wait_until


def add_hosted(team: Team, name: str = "Clerk", **given: Any) -> str:
    """A hosted agent of the team; its id."""
    agent_id: str = team.people["owner"].post(f"{team.path}/agents", name=name, **given)["id"]
    return agent_id


def open_group_with(
    team: Team, *agent_ids: str, people: tuple[str, ...] = ("owner",), maker: str = "member"
) -> str:
    """A group of the maker, these people and these agents; its id."""
    ids = [str(team.people[who].id) for who in people]
    made = team.people[maker].post(
        "/v1/conversations",
        kind="group",
        title="Cakes",
        account_id=team.id,
        participant_ids=[*ids, *agent_ids],
    )
    group_id: str = made["id"]
    return group_id


def list_runs(person: Person, conversation_id: str) -> list[Any]:
    """The oldest first, as the person sees them."""
    found: list[Any] = person.get(f"/v1/conversations/{conversation_id}/runs")["data"]
    return found[::-1]


def read_messages(person: Person, conversation_id: str) -> list[Any]:
    found: list[Any] = person.get(f"/v1/conversations/{conversation_id}/messages")["data"]
    return found


def wait_for_status(person: Person, conversation_id: str, *statuses: str) -> list[Any]:
    """The runs, the oldest first, as soon as these are their statuses."""

    def find() -> list[Any] | None:
        found = list_runs(person, conversation_id)
        return found if [run["status"] for run in found] == list(statuses) else None

    result: list[Any] = wait_until(find)
    return result

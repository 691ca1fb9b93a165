# support/api/groups.py -- groups and direct conversations of a team's people.
from typing import Any

from support.api.accounts import Team
from support.servers import Person


def open_group(team: Team, *others: str, maker: str = "member", title: str = "Cakes") -> str:
    """A group of the maker and these others of the team; its id."""
    ids = [str(team.people[who].id) for who in others]
    made = team.people[maker].post(
        "/v1/conversations", kind="group", title=title, account_id=team.id, participant_ids=ids
    )
    group_id: str = made["id"]
    return group_id


def open_direct(team: Team, one: str, other: str) -> str:
    made = team.people[one].post(
        "/v1/conversations", kind="direct", account_id=team.id, participant_ids=[str(team.people[other].id)]
    )
    conversation_id: str = made["id"]
    return conversation_id


def say(person: Person, conversation_id: str, content: str, **more: Any) -> Any:
    return person.post(f"/v1/conversations/{conversation_id}/messages", content=content, **more)


def read_all(person: Person, conversation_id: str) -> list[str]:
    """What the person reads there."""
    rows = person.get(f"/v1/conversations/{conversation_id}/messages")["data"]
    return [row["content"] for row in rows]

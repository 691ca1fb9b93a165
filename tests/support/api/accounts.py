# support/api/accounts.py -- a team with somebody in each role, and the steps by which people come into it.
from dataclasses import dataclass
from typing import Any, cast

from models.account import GivenRole
from support.newcomers import add_team
from support.servers import Person, Server

# Who may stand in what relation to an account; the last two are no members.
WHO = ("owner", "admin", "member", "stranger", "removed")
# Members besides, upon whom something is done. The role of each is its last word.
OTHERS = ("other owner", "other admin", "other member")


def invite(manager: Person, account_id: str, email: str, role: str = "member") -> Any:
    return manager.post(f"/v1/accounts/{account_id}/invitations", email=email, role=role)


def join(manager: Person, account_id: str, person: Person, role: str = "member") -> Any:
    """The account, as the person sees it who has just become a member."""
    token = invite(manager, account_id, person.email, role)["token"]
    return person.post("/v1/invitations/accept", token=token)


@dataclass
class Team:
    """A team account and the people around it, by what they are to it."""

    id: str
    people: dict[str, Person]

    @property
    def path(self) -> str:
        return f"/v1/accounts/{self.id}"

    def path_of(self, who: str) -> str:
        """Of somebody's membership."""
        return f"{self.path}/members/{self.people[who].id}"

    def join(self, who: str, role: str = "member") -> Any:
        return join(self.people["owner"], self.id, self.people[who], role)

    def roles(self) -> dict[str, str]:
        """The role of each member, as the owner sees them."""
        by_id = {str(person.id): who for who, person in self.people.items()}
        rows = self.people["owner"].get(f"{self.path}/members")["data"]
        return {by_id[row["user_id"]]: row["role"] for row in rows}


def make_people(server: Server, *names: str) -> dict[str, Person]:
    made = server.people([{"display_name": f"The {name}"} for name in names])
    return dict(zip(names, made, strict=True))


def make_team(people: dict[str, Person], name: str = "Bakery") -> Team:
    """A team of those among these people who are something to one; who is "removed" was a member."""
    owner = people["owner"]
    assert owner.server is not None
    others = {
        person.id: cast(GivenRole, "member" if who == "removed" else who.rpartition(" ")[2])
        for who, person in people.items()
        if who not in ("owner", "stranger")
    }
    team = Team(str(owner.server.run(owner.server.state.db.write(add_team, owner.id, name, others))), people)
    if "removed" in people:
        people["owner"].delete(team.path_of("removed"))
    return team

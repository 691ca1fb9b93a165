# isolation/team_world.py -- a team with everything in it, the people around it, and what is theirs by its name.
"""The names are those of team_matrix.txt, which says who is who."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import httpx

from support.api.accounts import Team, invite, make_people, make_team
from support.api.bots import Bot, add_bot
from support.api.groups import open_direct, open_group, say
from support.servers import Server

WHO = ("owner", "admin", "maker", "member", "agent", "former", "removed", "stranger")
PEOPLE = [who for who in WHO if who != "agent"]
# What nobody but those who take part may read, anywhere.
SECRET = "A secret of the group"
BETWEEN_TWO = "A secret of two"
TO_AGENT = "A secret for the agent"


@dataclass
class TeamWorld:
    """`ids` by the names in brackets."""

    server: Server
    team: Team
    bot: Bot
    ids: dict[str, str]
    numbers: Iterator[int]

    def client(self, who: str) -> httpx.Client:
        return self.bot.http if who == "agent" else self.team.people[who].http

    def make(self, what: str) -> dict[str, str]:
        """A new one, for somebody who does something to it: the names that stand for it then."""
        made: dict[str, str] = getattr(self, f"make_{what}")()
        return made

    def make_account(self) -> dict[str, str]:
        return {"<account>": self.team.people["owner"].post("/v1/accounts", name="Spare")["id"]}

    def make_other(self) -> dict[str, str]:
        """A member upon whom something is done."""
        who = f"other {next(self.numbers)}"
        self.team.people |= make_people(self.server, who)
        self.team.join(who)
        return {"<other>": str(self.team.people[who].id)}

    def make_invitation(self) -> dict[str, str]:
        invited = invite(self.team.people["owner"], self.team.id, f"{next(self.numbers)}@example.com")
        return {"<invitation>": invited["id"], "<invitation token>": invited["token"]}

    def make_clerk(self) -> dict[str, str]:
        return {"<clerk>": self.team.people["owner"].post(f"{self.team.path}/agents", name="Clerk")["id"]}

    def make_key(self) -> dict[str, str]:
        made = self.team.people["owner"].post(f"{self.bot.path}/tokens", name="Spare", scopes=["read"])
        return {"<key>": made["id"]}

    def make_chat(self, who: str = "member") -> dict[str, str]:
        """With the agent, whose answer is waited for."""
        asked = self.team.people[who].chat(TO_AGENT, agent_id=self.bot.id, wait=0)
        return {
            "<chat>": asked["conversation_id"],
            "<chat message>": asked["user_message"]["id"],
            "<run>": asked["run_id"],
        }

    def make_asking(self) -> dict[str, str]:
        """A run of the member's with a call that awaits their approval."""
        member = self.team.people["member"]
        title = f"bread {next(self.numbers)}"
        member.post("/v1/tasks", title=title)
        asked = member.chat(f"delete {title}", account_id=self.team.id)
        [call] = asked["pending_approvals"]
        return {"<asking run>": asked["run_id"], "<call>": call["tool_call_id"]}

    def make_direct(self) -> dict[str, str]:
        direct = open_direct(self.team, "maker", "member")
        said = say(self.team.people["member"], direct, BETWEEN_TWO)
        return {"<direct>": direct, "<direct message>": said["id"]}

    def make_group(self) -> dict[str, str]:
        """The one who took part says something, and goes; all may read what was said before and after."""
        people = self.team.people
        group = open_group(self.team, "member", "former", maker="maker")
        path = f"/v1/conversations/{group}/participants"
        people["maker"].post(path, user_id=self.bot.id)
        early = say(people["maker"], group, SECRET)
        formers = say(people["former"], group, SECRET)
        people["former"].delete(f"{path}/{people['former'].id}")
        return {
            "<group>": group,
            "<early message>": early["id"],
            "<former's message>": formers["id"],
            "<message>": say(people["member"], group, SECRET)["id"],
        }

    def make_events(self) -> dict[str, str]:
        post, posted = self.team.people["owner"].post, {"type": "oven.ready", "payload": {"text": "Warm"}}
        return {
            "<agent's event>": post("/v1/events", recipient_id=self.bot.id, **posted)["id"],
            "<member's event>": post("/v1/events", recipient_id=self.ids["<member>"], **posted)["id"],
            "<account's event>": post("/v1/events", account_id=self.team.id, **posted)["id"],
        }

    def part_with_removed(self) -> dict[str, str]:
        """What the one has left who was a member."""
        people = self.team.people
        direct = open_direct(self.team, "maker", "removed")
        said = say(people["removed"], direct, BETWEEN_TWO)
        chat = self.make_chat("removed")
        path = f"/v1/conversations/{self.ids['<group>']}/participants"
        people["maker"].post(path, user_id=str(people["removed"].id))
        people["owner"].delete(self.team.path_of("removed"))
        return {
            "<removed's direct>": direct,
            "<removed's message>": said["id"],
            "<removed's chat>": chat["<chat>"],
            "<removed's run>": chat["<run>"],
        }


def make_team_world(server: Server) -> TeamWorld:
    people = make_people(server, *PEOPLE)
    team = make_team({who: people[who] for who in ("owner", "admin", "member")})
    team.people |= people
    for who in ("maker", "former", "removed"):
        team.join(who)
    bot = add_bot(server, team)
    world = TeamWorld(server, team, bot, {"<account>": team.id, "<agent>": bot.id}, count())
    world.ids["<outsider>"] = str(server.person().id)
    world.ids |= {f"<{who}>": str(person.id) for who, person in people.items()}
    for what in ("other", "invitation", "clerk", "key", "chat", "asking", "direct", "group", "events"):
        world.ids |= world.make(what)
    world.ids |= world.part_with_removed()
    return world

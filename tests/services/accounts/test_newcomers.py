# test_newcomers.py -- the people and the teams that tests begin with are as those who come by requests.
from typing import Any

from support.api.accounts import join, make_people, make_team
from support.api.user_streams import find_end
from support.servers import PASSWORD, Person, Server, ok

IDS = {"id", "email", "created_at", "updated_at", "last_used_at", "expires_at", "joined_at", "user_id"}


def without_ids(value: Any) -> Any:
    """The same without what is different for each."""
    if isinstance(value, dict):
        return {name: without_ids(part) for name, part in value.items() if name not in IDS}
    return [without_ids(part) for part in value] if isinstance(value, list) else value


def look(person: Person) -> Any:
    return without_ids([person.get(path) for path in ("/v1/me", "/v1/me/sessions", "/v1/accounts")])


def test_a_person_is_as_one_who_has_registered_and_signed_in(server: Server) -> None:
    made, asked = server.person(display_name="Ann"), server.sign_in(server.register(display_name="Ann"))
    assert look(made) == look(asked)
    tokens = {"access_token": "", "refresh_token": ""}
    assert made.tokens | tokens == asked.tokens | tokens
    again = server.sign_in(made.email, PASSWORD)
    assert again.id == made.id
    rotated = ok(made.http.post("/v1/auth/refresh", json={"refresh_token": made.tokens["refresh_token"]}))
    assert rotated.keys() == made.tokens.keys()


def test_a_team_is_as_one_whose_members_were_invited(server: Server) -> None:
    roles = ("owner", "admin", "member", "other owner")
    people, invited = make_people(server, *roles), make_people(server, *roles)
    starts = [{who: find_end(person) for who, person in some.items()} for some in (people, invited)]
    team = make_team(people)
    account_id = invited["owner"].post("/v1/accounts", name="Bakery")["id"]
    for who in roles[1:]:
        join(invited["owner"], account_id, invited[who], who.rpartition(" ")[2])
    for who in roles:
        shown = [
            [
                person.get(f"/v1/accounts/{id_}"),
                person.get(f"/v1/accounts/{id_}/members"),
                [
                    {name: part for name, part in each.items() if name not in ("seq", "account_id")}
                    for each in person.get("/v1/changes", after=start)["data"]
                    if each["type"].startswith("member.")
                ],
            ]
            for id_, person, start in (
                (team.id, people[who], starts[0][who]),
                (account_id, invited[who], starts[1][who]),
            )
        ]
        assert without_ids(shown[0]) == without_ids(shown[1]), who

# test_refresh.py -- stay signed in: each refresh token counts once, and a stolen one ends the session.


from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import select

from db import Transaction
from models import AuthSession, RefreshToken
from support.api.problems import problem_of
from support.api.sign_in import me, refresh
from support.clock import pass_time
from support.servers import (
    Person,
    Server,
    in_database,
    ok,
    wait_until,
)

# What comes at once, and what is deleted, is tried on both; the rules of a family are the same.
pytestmark = pytest.mark.engines("sqlite")


@pytest.mark.also_on_mariadb
def test_refreshing_gives_a_new_pair_and_uses_the_old_token_up(server: Server) -> None:
    first = server.person().tokens
    answer = refresh(server, first["refresh_token"])
    assert answer.headers["cache-control"] == "no-store"
    second = ok(answer)
    assert second.keys() == first.keys()
    assert second["refresh_token"] != first["refresh_token"]
    assert me(server, second["access_token"]).json() == me(server, first["access_token"]).json()
    third = ok(refresh(server, second["refresh_token"]))
    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3
    sessions = ok(server.client(Authorization=f"Bearer {third['access_token']}").get("/v1/me/sessions"))[
        "data"
    ]
    assert len(sessions) == 1, "refreshing opens no session"


def test_two_tabs_that_refresh_within_30_seconds_both_stay_signed_in(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = server.person().tokens["refresh_token"]
    one = ok(refresh(server, token))
    pass_time(monkeypatch, seconds=29)
    two = ok(refresh(server, token))
    assert one["refresh_token"] != two["refresh_token"]
    for tab in (one, two):
        again = ok(refresh(server, tab["refresh_token"]))
        assert me(server, again["access_token"]).status_code == 200


@pytest.mark.engines("sqlite", "postgresql")
def test_a_token_that_is_used_again_later_ends_the_whole_family(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = server.person()
    elsewhere = server.sign_in(person.email)
    stolen = person.tokens["refresh_token"]
    honest = ok(refresh(server, stolen))
    pass_time(monkeypatch, seconds=31)
    problem_of(refresh(server, stolen), 401)
    problem_of(refresh(server, honest["refresh_token"]), 401)
    for access_token in (person.tokens["access_token"], honest["access_token"]):
        wait_until(lambda access_token=access_token: me(server, access_token).status_code == 401)
    assert me(server, elsewhere.tokens["access_token"]).status_code == 200, (
        "another sign-in is another family"
    )
    assert refresh(server, elsewhere.tokens["refresh_token"]).status_code == 200


def test_the_thief_who_comes_first_is_found_out_by_the_owner(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = server.person()
    thief = ok(refresh(server, owner.tokens["refresh_token"]))
    thief = ok(refresh(server, thief["refresh_token"]))
    pass_time(monkeypatch, minutes=16)
    problem_of(refresh(server, owner.tokens["refresh_token"]), 401)
    problem_of(refresh(server, thief["refresh_token"]), 401)


@pytest.mark.engines("sqlite", "postgresql")
def test_two_refreshes_with_one_token_at_once_each_give_a_token_that_works(server: Server) -> None:
    person = server.person()
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: refresh(server, person.tokens["refresh_token"]), range(2)))
    tokens = [ok(answer)["refresh_token"] for answer in answers]
    assert len(set(tokens)) == 2
    assert all(refresh(server, token).status_code == 200 for token in tokens)
    assert len(person.get("/v1/me/sessions")["data"]) == 1


@pytest.mark.engines("sqlite", "postgresql")
def test_many_refreshes_with_one_token_at_once_are_a_theft(server: Server) -> None:
    person = server.person()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: refresh(server, person.tokens["refresh_token"]), range(6)))
    tokens = [answer.json()["refresh_token"] for answer in answers if answer.status_code == 200]
    assert len(tokens) == 2
    assert [refresh(server, token).status_code for token in tokens] == [401, 401]


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_a_refresh_and_a_logout_at_once_leave_nobody_signed_in(server: Server) -> None:
    for _ in range(5):
        person = server.person()
        with ThreadPoolExecutor(2) as pool:
            rotation = pool.submit(refresh, server, person.tokens["refresh_token"])
            ending = pool.submit(person.http.post, "/v1/auth/logout")
            answer, ended = rotation.result(), ending.result()
        assert ended.status_code == 204
        assert answer.status_code in (200, 401)
        if answer.status_code == 200:
            problem_of(refresh(server, answer.json()["refresh_token"]), 401)


def test_a_sign_in_that_is_not_used_ends_and_one_that_is_used_goes_on(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, unused = server.person(), server.person()
    pass_time(monkeypatch, days=29)
    tokens = ok(refresh(server, used.tokens["refresh_token"]))
    pass_time(monkeypatch, days=31)
    assert refresh(server, tokens["refresh_token"]).status_code == 200
    problem_of(refresh(server, unused.tokens["refresh_token"]), 401)


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_tokens_of_long_ago_do_not_pile_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    person = server.person()
    tokens = person.tokens
    for days in range(0, 120, 20):
        pass_time(monkeypatch, days=days)
        tokens = ok(refresh(server, tokens["refresh_token"]))

    async def count(tx: Transaction) -> int:
        mine = select(RefreshToken).join(AuthSession).where(AuthSession.user_id == person.id)
        return len((await tx.execute(mine)).all())

    assert in_database(server, count) <= 3


@pytest.mark.parametrize("token", ["", "x", "é", "x" * 10_000, "6f1c2d7e-8f6b-4c0e-9a51-0d4c8f1f9b11"])
def test_a_refresh_token_that_nobody_was_given_is_refused(server: Server, token: str) -> None:
    assert refresh(server, token).status_code in (401, 422)


def test_an_access_token_does_not_refresh(ann: Person, server: Server) -> None:
    problem_of(refresh(server, ann.tokens["access_token"]), 401)

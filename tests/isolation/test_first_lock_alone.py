# test_first_lock_alone.py -- without the second lock the rules alone keep everything apart: the two are independent.
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

import db
from db import Database
from support.api.isolation import ROUTES, Attempt, Own, of_nothing, send, with_everything
from support.servers import serving, settings_for


@pytest.mark.also_on_mariadb
def test_everything_of_anothers_stays_hidden_without_the_second_lock(
    new_database: Callable[[str], str], engine_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "check_rules", lambda engine: None)
    monkeypatch.setattr(Database, "session_class", Session)
    tried = 0
    with serving(settings_for(new_database(engine_name))) as server:
        theirs = with_everything(server.person(display_name="The first"), "A secret plan", server.person())
        intruder = with_everything(server.person(display_name="The second"), partner=server.person())
        before = theirs.everything()
        own = intruder.own_ids()
        for route, way in ROUTES.items():
            if isinstance(way, Own):
                if way.lists:
                    shown = intruder.person.http.get(route.split(" ")[1], params={"limit": 200}).text
                    assert [value for value in theirs.ids.values() if value in shown] == [], route
                continue
            attempts: list[Attempt] = way if isinstance(way, list) else []
            for attempt in attempts:
                tried += 1
                forbidden = send(intruder.person.http, route, attempt, theirs.ids | own)
                missing = send(intruder.person.http, route, attempt, of_nothing() | own)
                assert forbidden.status_code == missing.status_code == attempt.status, route
        assert theirs.everything() == before
        assert "statement_compiler" not in vars(server.state.db.engine.dialect), "it is still there"
    assert tried > 10

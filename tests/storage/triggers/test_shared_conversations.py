# test_shared_conversations.py -- what goes with a direct or group conversation, and with a membership in its account.
import sqlite3

import psycopg
import pytest
from asyncmy.errors import MySQLError

from support.databases.catalog import Place

ANN, BOB, CID, TEAM, GROUP, CHAT = (f"'{number:032x}'" for number in (1, 2, 3, 9, 20, 30))
# Ann has made a group in a team with Bob, and talks to the agent there; Cid is in the team alone.
STORY = f"""
INSERT INTO users (id, email, password_hash) VALUES ({ANN}, 'ann@example.com', '-'), ({BOB}, 'bob@example.com', '-'),
  ({CID}, 'cid@example.com', '-');
INSERT INTO accounts (id, name, kind) VALUES ({TEAM}, 'Bakery', 'team');
INSERT INTO account_members (account_id, user_id, role) VALUES
  ({TEAM}, {ANN}, 'owner'), ({TEAM}, {BOB}, 'member'), ({TEAM}, {CID}, 'owner');
INSERT INTO conversations (id, user_id, account_id, kind, last_seq) VALUES
  ({GROUP}, {ANN}, {TEAM}, 'group', 2), ({CHAT}, {ANN}, {TEAM}, 'assistant', 0);
INSERT INTO conversation_participants (conversation_id, user_id, account_id) VALUES
  ({GROUP}, {ANN}, {TEAM}), ({GROUP}, {BOB}, {TEAM});
INSERT INTO messages (id, conversation_id, user_id, role, content, seq) VALUES
  ({ANN}, {GROUP}, {ANN}, 'user', 'hers', 1), ({BOB}, {GROUP}, {BOB}, 'user', 'his', 2);
INSERT INTO message_deliveries (message_id, user_id, account_id, conversation_id) VALUES
  ({ANN}, {BOB}, {TEAM}, {GROUP}), ({BOB}, {ANN}, {TEAM}, {GROUP});
INSERT INTO events (audience, audience_id, type, payload) VALUES
  ('conversation', {GROUP}, 'of the group', '{{}}'), ('conversation', {CHAT}, 'of the chat', '{{}}'),
  ('account', {GROUP}, 'of an account', '{{}}'), ('user', {CID}, 'of a user', '{{}}')
"""
# By itself, with its maker, with its account, with everybody.
WAYS = [
    f"conversations WHERE id = {GROUP}",
    f"users WHERE id = {ANN}",
    f"accounts WHERE id = {TEAM}",
    "users",
]
REFUSALS = (psycopg.IntegrityError, sqlite3.IntegrityError, MySQLError)


def write(place: Place, script: str) -> None:
    with place.connect() as connection:
        for statement in script.split(";\n"):
            connection.execute(statement)


def list_types(place: Place) -> list[str]:
    return place.run("SELECT type FROM events ORDER BY type")


def test_however_a_shared_conversation_goes_it_takes_along_what_was_written_for_it(place: Place) -> None:
    place.start()
    for deleted in WAYS:
        write(place, STORY)
        write(place, f"DELETE FROM {deleted}")
        kept = [type_ for type_ in list_types(place) if type_ != "of a user"]
        assert kept == ["of an account", "of the chat"], deleted
        left = place.counts()
        assert left["conversation_participants"] == left["message_deliveries"] == left["messages"] == 0
        write(place, f"DELETE FROM users;\nDELETE FROM accounts WHERE id = {TEAM};\nDELETE FROM events")


def test_a_deleted_chat_with_an_agent_leaves_events_to_expire(place: Place) -> None:
    place.start()
    write(place, STORY)
    write(place, f"DELETE FROM conversations WHERE id = {CHAT}")
    assert list_types(place) == ["of a user", "of an account", "of the chat", "of the group"]


def test_a_participant_goes_with_the_membership_and_what_they_said_stays(place: Place) -> None:
    place.start()
    write(place, STORY)
    write(place, f"DELETE FROM account_members WHERE account_id = {TEAM} AND user_id = {BOB}")
    assert place.run(f"SELECT count(*) FROM conversation_participants WHERE user_id = {BOB}") == ["0"]
    assert place.run("SELECT content FROM messages ORDER BY content") == ["hers", "his"]
    assert place.counts()["message_deliveries"] == 2
    write(place, f"DELETE FROM users WHERE id = {BOB}")
    assert place.run("SELECT content FROM messages") == ["hers"]
    assert place.counts()["message_deliveries"] == 0


def test_only_a_member_of_the_conversations_own_account_takes_part(place: Place) -> None:
    place.start()
    write(place, STORY)
    columns = "INSERT INTO conversation_participants (conversation_id, user_id, account_id) VALUES"
    write(place, f"DELETE FROM account_members WHERE account_id = {TEAM} AND user_id = {CID}")
    for values in (f"({GROUP}, {CID}, {TEAM})", f"({GROUP}, {CID}, {CID})"):
        with pytest.raises(REFUSALS, match=r"(?i)foreign key"):
            write(place, f"{columns} {values}")
    assert place.counts()["conversation_participants"] == 2


def test_two_people_have_one_direct_conversation_in_an_account_and_any_number_of_others(place: Place) -> None:
    place.start()
    write(place, STORY)
    columns = "INSERT INTO conversations (user_id, account_id, kind, direct_key) VALUES"
    write(
        place,
        f"{columns} ({ANN}, {TEAM}, 'direct', 'ann bob');\n{columns} ({ANN}, {ANN}, 'direct', 'ann bob')",
    )
    with pytest.raises(REFUSALS, match=r"(?i)unique|duplicate"):
        write(place, f"{columns} ({BOB}, {TEAM}, 'direct', 'ann bob')")
    write(place, f"{columns} ({BOB}, {TEAM}, 'group', NULL);\n{columns} ({BOB}, {TEAM}, 'group', NULL)")
    assert place.counts()["conversations"] == 6

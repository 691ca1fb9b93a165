# test_words.py -- whatever a message says it is stored, and whatever is looked for is no query of its own.
import pytest
from sqlalchemy import text

from db import Transaction
from models.message import MAX_CONTENT
from search.search_terms import list_words
from support.api.accounts import make_people, make_team
from support.api.groups import open_group, say
from support.servers import Server, in_database

pytestmark = pytest.mark.also_on_mariadb


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_every_character_of_a_word_means_itself_to_postgresql(server: Server) -> None:
    codes = [code for code in range(1, 0x10000) if not 0xD800 <= code < 0xE000]
    patterns = [pattern for code in codes if (pattern := list_words((f"abc{chr(code)}def", chr(code))))]

    async def parse(tx: Transaction) -> int:
        parsed = text("SELECT count(to_tsquery('simple', word)) FROM unnest(CAST(:words AS text[])) AS word")
        count: int = (await tx.execute(parsed, {"words": patterns})).scalar_one()
        return count

    assert in_database(server, parse) == len(patterns)


def test_texts_that_strain_an_index_are_stored_and_found(server: Server) -> None:
    team = make_team(make_people(server, "owner", "member"))
    member, group_id = team.people["member"], open_group(team, "owner")
    every_word_differs = " ".join(chr(0x20000 + number) for number in range(MAX_CONTENT // 2))
    strange = ["x" * MAX_CONTENT, "1.5e10 " * 4_000, "a'b\\c:*&|!() " * 2_000, "<p>&amp;" * 4_000]
    for content in (*strange, every_word_differs):
        say(member, group_id, content)
    assert len(member.get("/v1/search", q="x" * 200)["data"]) == 1
    for q in ("1.5e10", "a'b\\c:*&|!()", "&amp;"):
        assert len(member.get("/v1/search", q=q)["data"]) == 1, q
    [hit] = member.get("/v1/search", q=f"{chr(0x20010)} {chr(0x20011)} {chr(0x20010)}")["data"]
    assert [part["text"] for part in hit["excerpt"] if part["marked"]] == [chr(0x20010), chr(0x20011)]

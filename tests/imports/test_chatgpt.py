# test_chatgpt.py -- the conversations of a ChatGPT export, as they are shown there.
from typing import Any

import pytest

from support.servers import Person
from support.transfers.files import MORNING, chain, chatgpt_chat, chatgpt_message, talk, to_file
from support.transfers.imports import counts_of, import_file, left_out, said_in


@pytest.mark.also_on_mariadb
def test_a_conversation_comes_with_its_times_and_those_who_spoke(ann: Person) -> None:
    report = import_file(ann, to_file(talk("Which cake?", "A plum cake.")))
    assert report["format"] == "chatgpt"
    assert report["problem"] is None
    assert report["left_out"] == []
    assert counts_of(report) == ([0, 1, 2], [0, 0, 0])
    [conversation] = ann.get("/v1/conversations")["data"]
    assert conversation["title"] == "Cakes"
    assert conversation["created_at"] == "2025-06-15T15:06:40.250000Z"
    assert conversation["updated_at"] == "2025-06-15T16:06:40.250000Z"
    asked, answered = ann.get(f"/v1/conversations/{conversation['id']}/messages")["data"]
    assert (asked["role"], asked["content"], asked["created_at"]) == (
        "user",
        "Which cake?",
        "2025-06-15T15:06:41.250000Z",
    )
    assert asked["sender"]["id"] == str(ann.id)
    assert (answered["role"], answered["content"]) == ("agent", "A plum cake.")
    assert answered["sender"] == {"type": "program", "id": None, "name": "ChatGPT"}
    assert answered["agent_id"] is None


@pytest.mark.also_on_mariadb
def test_the_branch_that_is_shown_is_kept_and_the_others_are_told_of(ann: Person) -> None:
    mapping = chain(chatgpt_message("user", "Which cake?"), chatgpt_message("assistant", "A plum cake."))
    again = chatgpt_message("assistant", "A nut cake.")
    mapping["other"] = {"id": "other", "message": again, "parent": "n1", "children": []}
    report = import_file(ann, to_file(chatgpt_chat(mapping, "n2")))
    assert said_in(ann, "Cakes") == [("user", "Which cake?"), ("agent", "A plum cake.")]
    [entry] = report["left_out"]
    assert (entry["what"], entry["count"], entry["examples"]) == ("messages", 1, ["Cakes"])


@pytest.mark.parametrize(
    ("message", "what"),
    [
        (chatgpt_message("system", "Be kind"), "instructions"),
        (
            chatgpt_message("user", "About me", metadata={"is_visually_hidden_from_conversation": True}),
            "instructions",
        ),
        (chatgpt_message("tool", "Found 3 pages"), "steps with a tool"),
        (chatgpt_message("assistant", "search('cake')", recipient="browser"), "steps with a tool"),
        (
            chatgpt_message(
                "assistant", content={"content_type": "code", "language": "python", "text": "1 + 1"}
            ),
            "steps with a tool",
        ),
        (chatgpt_message("assistant", content={"content_type": "thoughts", "thoughts": []}), "thoughts"),
        (chatgpt_message("user", {"content_type": "image_asset_pointer"}), "pictures, sounds and files"),
        (chatgpt_message("user", " \n "), "messages"),
        (chatgpt_message("oracle", "Hm"), "messages"),
        (chatgpt_message("user", content={"content_type": "dance"}), "messages"),
        (chatgpt_message("user", content="text"), "messages"),
        (chatgpt_message("user", author=None), "messages"),
    ],
)
@pytest.mark.engines("sqlite")
def test_what_nobody_has_said_is_left_out_and_told_of(ann: Person, message: Any, what: str) -> None:
    mapping = chain(
        chatgpt_message("user", "Which cake?"), message, chatgpt_message("assistant", "A plum cake.")
    )
    report = import_file(ann, to_file(chatgpt_chat(mapping)))
    assert said_in(ann, "Cakes") == [("user", "Which cake?"), ("agent", "A plum cake.")]
    assert left_out(report) == {what: 1}


@pytest.mark.engines("sqlite")
def test_the_words_beside_a_picture_are_kept(ann: Person) -> None:
    picture = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x"}
    heard = {"content_type": "audio_transcription", "text": "Is it a plum?"}
    mapping = chain(chatgpt_message("user", picture, "What is this?", heard))
    report = import_file(ann, to_file(chatgpt_chat(mapping)))
    assert said_in(ann, "Cakes") == [("user", "What is this?\n\nIs it a plum?")]
    assert left_out(report) == {"pictures, sounds and files": 1}


@pytest.mark.engines("sqlite")
def test_a_conversation_in_which_nobody_spoke_is_not_made(ann: Person) -> None:
    report = import_file(ann, to_file(chatgpt_chat(chain(chatgpt_message("system", "Be kind")))))
    assert counts_of(report) == ([0, 0, 0], [0, 0, 0])
    assert left_out(report) == {"instructions": 1, "conversations": 1}
    assert ann.get("/v1/conversations")["data"] == []


@pytest.mark.engines("sqlite")
def test_without_a_current_node_the_last_one_counts(ann: Person) -> None:
    for number, current in enumerate((None, "nowhere", 7)):
        chat = {**talk("One", "Two"), "current_node": current, "id": f"c{number}", "conversation_id": None}
        import_file(ann, to_file({**chat, "title": f"Chat {number}"}))
        assert said_in(ann, f"Chat {number}") == [("user", "One"), ("agent", "Two")]


@pytest.mark.engines("sqlite")
def test_a_circle_of_nodes_has_an_end(ann: Person) -> None:
    mapping = chain(chatgpt_message("user", "One"), chatgpt_message("assistant", "Two"))
    mapping["n0"]["parent"] = "n2"
    import_file(ann, to_file(chatgpt_chat(mapping, "n2")))
    assert said_in(ann, "Cakes") == [("user", "One"), ("agent", "Two")]


@pytest.mark.engines("sqlite")
def test_times_that_are_none_are_those_of_what_stands_before(ann: Person) -> None:
    mapping = chain(
        chatgpt_message("user", "One"),
        chatgpt_message("assistant", "Two", create_time=None),
        chatgpt_message("user", "Three", create_time="noon"),
        chatgpt_message("assistant", "Four", create_time=1e300),
        chatgpt_message("assistant", "Five", create_time=MORNING + 10**9),
    )
    import_file(ann, to_file(chatgpt_chat(mapping)))
    [conversation] = ann.get("/v1/conversations")["data"]
    rows = ann.get(f"/v1/conversations/{conversation['id']}/messages")["data"]
    assert len({row["created_at"] for row in rows[:4]}) == 1
    assert rows[4]["created_at"] < ann.post("/v1/tasks", title="Now")["created_at"], (
        "nothing was said tomorrow"
    )


@pytest.mark.engines("sqlite")
def test_a_node_that_cannot_be_read_is_told_of_and_the_others_come(ann: Person) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    file = to_file(talk("One", "Two")).replace(b'"children": []', b'"children": ' + deep.encode())
    report = import_file(ann, file)
    assert said_in(ann, "Cakes") == [("user", "One")]
    assert left_out(report) == {"messages": 1}
    wrong = to_file(talk("One", "Two", title="Wrong", id="2", conversation_id="2")).replace(
        b"Two", b"\xff\xfe"
    )
    assert left_out(import_file(ann, wrong)) == {"messages": 1}


@pytest.mark.engines("sqlite")
def test_characters_that_no_database_holds_are_replaced(ann: Person) -> None:
    import_file(ann, to_file(talk("a\0b\ud800c 😀", "ok", title="Null\0")))
    assert said_in(ann, "Null�") == [("user", "a�b�c 😀"), ("agent", "ok")]


@pytest.mark.engines("sqlite")
def test_what_is_no_conversation_is_told_of(ann: Person) -> None:
    report = import_file(ann, to_file(7, "text", None, [], {}, talk("One", "Two")))
    assert left_out(report) == {"conversations": 5}
    assert counts_of(report)[0] == [0, 1, 2]


@pytest.mark.engines("sqlite")
def test_marks_that_only_its_own_pages_show_are_no_words(ann: Person) -> None:
    """As in its exports since 2025: references to sources, names that are linked, and marks of a block."""
    said = (
        '\ue203The article by \ue200entity\ue202["people","Nina Baker",0]\ue201 is good.\ue204'
        " \ue200cite\ue202turn0search3\ue202turn0search8\ue201 \ue200navlist\ue201\ue200cite"
    )
    report = import_file(ann, to_file(talk("Which article?", said)))
    assert said_in(ann, "Cakes")[1] == ("agent", "The article by Nina Baker is good.  cite")
    assert left_out(report) == {"references to sources": 2}


@pytest.mark.engines("sqlite")
def test_a_long_export_comes_in_several_files_each_of_which_is_one(ann: Person) -> None:
    """conversations-000.json and so on are arrays as conversations.json was."""
    for number in range(2):
        file = to_file(talk(f"Word {number}", conversation_id=f"c-{number}", id=f"c-{number}"))
        assert counts_of(import_file(ann, file)) == ([0, 1, 1], [0, 0, 0])
    assert len(ann.get("/v1/conversations")["data"]) == 2

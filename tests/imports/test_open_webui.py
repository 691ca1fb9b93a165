# test_open_webui.py -- the chats of an Open WebUI export.
import pytest

from support.servers import Person
from support.transfers.files import to_file, webui_chat, webui_message
from support.transfers.imports import counts_of, import_file, left_out, said_in

pytestmark = pytest.mark.engines("sqlite")


def test_a_chat_comes_with_its_times_and_the_name_of_its_model(ann: Person) -> None:
    said = [
        webui_message("1", "user", "When is the train?"),
        webui_message("2", "assistant", "At nine.", "1"),
    ]
    report = import_file(ann, to_file(webui_chat(*said)))
    assert report["format"] == "open-webui"
    assert counts_of(report) == ([0, 1, 2], [0, 0, 0])
    assert report["left_out"] == []
    [conversation] = ann.get("/v1/conversations")["data"]
    assert conversation["title"] == "Trains"
    assert conversation["created_at"] == "2025-06-15T15:06:40.000000Z"
    assert conversation["updated_at"] == "2025-06-15T15:07:40.000000Z"
    _, answered = ann.get(f"/v1/conversations/{conversation['id']}/messages")["data"]
    assert answered["created_at"] == "2025-06-15T15:06:40.000000Z"
    assert answered["sender"] == {"type": "program", "id": None, "name": "Llama 3"}


def test_the_branch_that_is_shown_is_kept(ann: Person) -> None:
    said = [
        webui_message("1", "user", "When is the train?"),
        webui_message("2", "assistant", "At nine.", "1"),
        webui_message("3", "assistant", "At ten.", "1"),
    ]
    report = import_file(ann, to_file(webui_chat(*said, current="2")))
    assert said_in(ann, "Trains") == [("user", "When is the train?"), ("agent", "At nine.")]
    assert left_out(report) == {"messages": 1}


def test_a_chat_of_an_older_version_is_a_list(ann: Person) -> None:
    chat = webui_chat(webui_message("1", "user", "One"), webui_message("2", "assistant", "Two"))
    del chat["chat"]["history"]
    for message in chat["chat"]["messages"]:
        del message["parentId"]
    import_file(ann, to_file(chat))
    assert said_in(ann, "Trains") == [("user", "One"), ("agent", "Two")]


def test_what_is_no_text_is_left_out_and_told_of(ann: Person) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    said = [
        webui_message("0", "system", "Be kind"),
        webui_message("1", "user", [{"type": "text", "text": "What is this?"}, picture], "0"),
        webui_message(
            "2", "assistant", "A train.", "1", files=[{"type": "image"}], model=None, modelName=None
        ),
        webui_message("3", "user", [picture], "2"),
        webui_message("4", "dancer", "Hm", "3"),
        webui_message("5", "user", None, "4"),
    ]
    report = import_file(ann, to_file(webui_chat(*said)))
    assert said_in(ann, "Trains") == [("user", "What is this?"), ("agent", "A train.")]
    assert left_out(report) == {"instructions": 1, "pictures, sounds and files": 3, "messages": 2}
    assert "Open WebUI" in str(ann.http.get("/v1/me/export").text)


def test_thoughts_and_steps_that_are_folded_into_an_answer_are_left_out(ann: Person) -> None:
    folded = [
        '<details type="reasoning" done="true" duration="3">\n<summary>Thought</summary>\n> Trains\n</details>',
        '<details type="tool_calls" done="true" id="1" name="search" arguments="&quot;&quot;">\n</details>',
        "<details><summary>Of the page</summary>Text</details>",
        '<details type="reasoning">without an end',
    ]
    parts = [
        {"type": "reasoning", "summary": []},
        {"type": "function_call", "name": "search"},
        {"type": "message", "content": [{"type": "output_text", "text": "At ten."}]},
    ]
    said = [
        webui_message("1", "user", "When?"),
        webui_message("2", "assistant", f"{folded[0]}\nAt nine.\n{folded[1]}{folded[2]}{folded[3]}", "1"),
        webui_message("3", "assistant", "", "2", output=parts),
    ]
    report = import_file(ann, to_file(webui_chat(*said)))
    assert said_in(ann, "Trains")[1:] == [
        ("agent", f"At nine.\n{folded[2]}{folded[3]}"),
        ("agent", "At ten."),
    ]
    assert left_out(report) == {"thoughts": 2, "steps with a tool": 2}


@pytest.mark.parametrize("as_list", [True, False])
def test_a_chat_that_stands_alone_is_one_too(ann: Person, as_list: bool) -> None:
    """Without the row of its table, as older versions have saved it."""
    row = webui_chat(webui_message("1", "user", "One"), webui_message("2", "assistant", "Two", "1"))
    alone = {"id": "w-2", **row["chat"]}
    del alone["history" if as_list else "messages"]
    report = import_file(ann, to_file(alone))
    assert report["format"] == "open-webui"
    assert said_in(ann, "Trains") == [("user", "One"), ("agent", "Two")]
    assert ann.get("/v1/conversations")["data"][0]["created_at"] == "2025-06-15T15:06:40.250000Z"

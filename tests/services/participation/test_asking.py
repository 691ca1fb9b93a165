# test_asking.py -- agents in groups: whom a message asks, who sees what of the answer, and what waits for what.
from typing import Any

import pytest

from llm.protocol import AnswerEnd
from streaming.run_stream import cut_data
from support.api.accounts import Team, make_people, make_team
from support.api.approvals import decide
from support.api.asking import add_hosted, list_runs, open_group_with, read_messages, wait_for_status
from support.api.groups import open_direct, say
from support.api.problems import problem_of
from support.api.runs import followed
from support.api.user_streams import find_end
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, wait_until

pytestmark = pytest.mark.also_on_mariadb


@pytest.fixture
def team(scripted: Server) -> Team:
    return make_team(make_people(scripted, "owner", "member", "other member"))


def test_a_mentioned_agent_answers_and_nobody_else_is_asked(team: Team, model: ScriptedModel) -> None:
    clerk, baker = add_hosted(team), add_hosted(team, "Baker")
    group_id = open_group_with(team, clerk, baker)
    member, owner = team.people["member"], team.people["owner"]
    say(member, group_id, "Nobody in particular, clerk@example.com, Clerk")
    question = say(member, group_id, "@clerk: how much?")
    [run] = wait_for_status(member, group_id, "completed")
    assert (run["agent_id"], run["user_id"], run["user_message_id"]) == (
        clerk,
        str(member.id),
        question["id"],
    )
    *_, answer = read_messages(owner, group_id)
    assert answer["content"] == "OK."
    assert answer["sender"] == {"type": "agent", "id": clerk, "name": "Clerk"}
    assert (answer["agent_id"], answer["role"], answer["run_id"]) == (clerk, "agent", run["id"])
    assert answer["reply_to_id"] == question["id"]
    shown = owner.get(f"/v1/conversations/{group_id}")
    assert (shown["last_message"], shown["unread_count"]) == (answer, 3)
    assert len(model.requests) == 1


def test_one_message_asks_several_agents_and_a_repeat_asks_nobody_again(team: Team) -> None:
    clerk, baker = add_hosted(team), add_hosted(team, "Baker")
    group_id = open_group_with(team, clerk, baker)
    member = team.people["member"]
    asked = [say(member, group_id, "@Clerk and @Baker: hello", client_id="once") for _ in range(2)]
    assert asked[0] == asked[1]
    runs = wait_for_status(member, group_id, "completed", "completed")
    assert {run["agent_id"] for run in runs} == {clerk, baker}
    answers = read_messages(member, group_id)[1:]
    assert {answer["agent_id"] for answer in answers} == {clerk, baker}
    assert {answer["reply_to_id"] for answer in answers} == {asked[0]["id"]}


def test_an_agent_is_asked_by_a_reply_and_by_whatever_is_said_to_it_alone(
    team: Team, model: ScriptedModel
) -> None:
    clerk, member = add_hosted(team), team.people["member"]
    group_id = open_group_with(team, clerk)
    say(member, group_id, "@Clerk hello")
    wait_for_status(member, group_id, "completed")
    answer = read_messages(member, group_id)[-1]
    say(member, group_id, "And then?", reply_to_id=answer["id"])
    wait_for_status(member, group_id, "completed", "completed")
    direct = member.post("/v1/conversations", kind="direct", account_id=team.id, participant_ids=[clerk])[
        "id"
    ]
    say(member, direct, "Just us")
    wait_for_status(member, direct, "completed")
    assert [message["content"] for message in read_messages(member, direct)] == ["Just us", "OK."]
    people = open_direct(team, "member", "owner")
    say(member, people, "@Clerk is not here")
    assert list_runs(member, people) == []
    assert len(model.requests) == 3


def test_what_an_agent_says_asks_nobody(team: Team, model: ScriptedModel) -> None:
    clerk, baker = add_hosted(team), add_hosted(team, "Baker")
    group_id, member = open_group_with(team, clerk, baker), team.people["member"]
    model.answers = [["Ask @Baker and @The owner"]]
    say(member, group_id, "@Clerk hello")
    wait_for_status(member, group_id, "completed")
    assert len(list_runs(member, group_id)) == 1
    assert team.people["owner"].get(f"/v1/conversations/{group_id}")["mentioned"]


USED = [call("list_tasks", {"q": "surprise"})]


def test_others_see_the_answer_and_that_tools_were_used_and_who_asked_the_whole(
    team: Team, model: ScriptedModel
) -> None:
    clerk, member, owner = add_hosted(team), team.people["member"], team.people["owner"]
    group_id = open_group_with(team, clerk)
    member.post("/v1/tasks", title="A surprise for the owner")
    after = find_end(member)
    model.answers = [USED, ["Nothing ", "much."]]
    say(member, group_id, "@Clerk what is there?")
    [run] = wait_for_status(member, group_id, "completed")
    [whole] = read_messages(member, group_id)[-1]["tool_calls"]
    [cut] = read_messages(owner, group_id)[-1]["tool_calls"]
    assert whole["arguments"] == {"q": "surprise"}
    assert "A surprise" in str(whole["result"])
    assert cut == {name: whole[name] for name in ("id", "name", "started_at", "finished_at")}
    for path in ("", "?kind=group"):
        [listed] = [row for row in owner.get(f"/v1/conversations{path}")["data"] if row["id"] == group_id]
        assert listed["last_message"]["tool_calls"] == [cut]
    assert "surprise" not in str(read_all_of(owner, group_id, run["id"], after))
    assert "surprise" in str(read_all_of(member, group_id, run["id"], after))
    # The stream of the run: the text for all, the calls for who asked.
    own, others = followed(member, run["id"]), followed(owner, run["id"])
    assert [event.type for event in own] == [event.type for event in others]
    for type_ in ("message.delta", "run.completed"):
        assert [each.data for each in own if each.type == type_] == [
            each.data for each in others if each.type == type_
        ]
    [used] = [each.data for each in others if each.type == "tool.call"]
    assert used.keys() == {"run_id", "message_id", "step", "id", "name"}
    [made] = member.get("/v1/tool-calls", run_id=run["id"])["data"]
    assert {name: made[name] for name in whole} == whole
    assert owner.get("/v1/tool-calls")["data"] == []
    assert member.get("/v1/tool-calls", conversation_id=group_id)["data"] == [made]


def test_the_pages_of_tool_calls_go_on_past_those_of_a_group_that_was_left(
    team: Team, model: ScriptedModel
) -> None:
    clerk, member = add_hosted(team), team.people["member"]
    model.answers = [USED, ["One."], USED, ["Two."], USED, ["Three."]]
    alone = member.chat("What is there?")["run_id"]
    group_id = open_group_with(team, clerk)
    for already in range(2):
        say(member, group_id, "@Clerk what is there?")
        wait_for_status(member, group_id, *["completed"] * (already + 1))
    member.delete(f"/v1/conversations/{group_id}/participants/{member.id}")
    seen, cursor = [], {}
    while cursor is not None:
        page = member.get("/v1/tool-calls", limit=1, **cursor)
        seen += [made["run_id"] for made in page["data"]]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
    assert seen == [alone]


def read_all_of(person: Person, group_id: str, run_id: str, after: int) -> list[Any]:
    """All that a person sees of it, in whatever way."""
    return [
        person.get(f"/v1/conversations/{group_id}/messages")["data"],
        person.get(f"/v1/conversations/{group_id}/messages", before="end")["data"],
        person.get(f"/v1/conversations/{group_id}")["last_message"],
        person.get(f"/v1/conversations/{group_id}/runs"),
        person.get(f"/v1/runs/{run_id}"),
        person.get("/v1/changes", after=after)["data"],
        [event.data for event in followed(person, run_id)],
    ]


def test_streams_tell_all_of_the_run_and_who_asked_of_its_calls(team: Team, model: ScriptedModel) -> None:
    clerk, member, owner = add_hosted(team), team.people["member"], team.people["owner"]
    group_id = open_group_with(team, clerk)
    after = find_end(member)
    model.answers = [USED, ["Nothing much."]]
    question = say(member, group_id, "@Clerk what is there?")
    [run] = wait_for_status(member, group_id, "completed")

    def read_told(person: Person) -> list[Any]:
        return list(person.get("/v1/changes", after=after)["data"])

    others = read_told(owner)
    assert [row["type"] for row in others] == [
        "message.created",
        "run.queued",
        "run.started",
        "message.created",
        "run.completed",
    ]
    assert others[1]["run"]["user_message_id"] == question["id"]
    assert others[3]["message"] == read_messages(owner, group_id)[-1]
    assert others[3]["message_seq"] == 2
    assert others[4]["run"] == list_runs(owner, group_id)[0] == owner.get(f"/v1/runs/{run['id']}")
    assert others[4]["run"].keys() == run.keys() - {
        *("error", "pending_approvals", "input_tokens", "output_tokens", "cost")
    }
    own = [row for row in read_told(member) if row["seq"] not in {row["seq"] for row in others}]
    assert [row["type"] for row in own] == ["run.queued", "run.started", "message.updated", "run.completed"]
    assert own[2]["message"] == read_messages(member, group_id)[-1]
    assert own[3]["run"] == run


def test_an_open_approval_of_one_stops_nobody_else_and_no_other_agent(
    team: Team, model: ScriptedModel
) -> None:
    clerk, baker = add_hosted(team), add_hosted(team, "Baker")
    group_id = open_group_with(team, clerk, baker, people=("owner", "other member"))
    member, owner = team.people["member"], team.people["owner"]
    member.patch("/v1/me", approval="destructive")
    model.answers = [[call("add_task", {"title": "Eggs"})]]
    say(member, group_id, "@Clerk add eggs")
    wait_for_status(member, group_id, "awaiting_approval")
    say(member, group_id, "@Clerk and flour")
    say(owner, group_id, "@Clerk hello")
    say(member, group_id, "@Baker hello")
    first, *_ = wait_for_status(member, group_id, "awaiting_approval", "queued", "completed", "completed")
    assert first["pending_approvals"][0]["name"] == "add_task"
    seen = list_runs(owner, group_id)
    assert "pending_approvals" not in seen[0]
    assert "pending_approvals" in seen[2]
    for who in ("owner", "other member"):
        problem_of(decide(team.people[who], first["id"]), 403)
        problem_of(team.people[who].http.post(f"/v1/runs/{first['id']}/cancel"), 403)
    assert member.get("/v1/tasks")["data"] == []
    assert decide(member, first["id"]).status_code == 200
    wait_for_status(member, group_id, *["completed"] * 4)
    assert [task["title"] for task in member.get("/v1/tasks")["data"]] == ["Eggs"]
    assert owner.get("/v1/tasks")["data"] == []


def test_who_asks_cancels_and_what_waits_behind_it_goes_on(team: Team, model: ScriptedModel) -> None:
    clerk, member = add_hosted(team), team.people["member"]
    group_id = open_group_with(team, clerk)
    model.answers = [["Let me see", *[call("add_task", {"title": "Eggs"})]]]
    say(member, group_id, "@Clerk add eggs")
    [run] = wait_for_status(member, group_id, "awaiting_approval")
    say(member, group_id, "@Clerk hello")
    member.post(f"/v1/runs/{run['id']}/cancel")
    wait_for_status(member, group_id, "cancelled", "completed")
    said = [message["content"] for message in read_messages(member, group_id)]
    assert sorted(said) == ["@Clerk add eggs", "@Clerk hello", "Let me see", "OK."]


def test_a_busy_agent_refuses_or_is_interrupted_as_the_message_says(team: Team, model: ScriptedModel) -> None:
    clerk, baker = add_hosted(team), add_hosted(team, "Baker")
    group_id, member, owner = open_group_with(team, clerk, baker), team.people["member"], team.people["owner"]
    model.answers = [[call("add_task", {"title": "Eggs"})]]
    say(member, group_id, "@Clerk add eggs")
    [run] = wait_for_status(member, group_id, "awaiting_approval")
    path = f"/v1/conversations/{group_id}/messages"
    busy = {"content": "@Clerk hello", "on_busy": "reject"}
    refused = member.http.post(path, json=busy)
    assert (refused.status_code, refused.json()["run_id"]) == (409, run["id"])
    say(owner, group_id, "@Clerk hello", on_busy="reject")
    say(member, group_id, "@Baker hello", on_busy="reject")
    say(member, group_id, "@Clerk hello", on_busy="interrupt")
    wait_for_status(member, group_id, "cancelled", "completed", "completed", "completed")


def test_who_has_too_many_runs_asks_no_further_agent_and_may_still_talk(
    scripted: Server, team: Team, model: ScriptedModel
) -> None:
    clerk, member = add_hosted(team), team.people["member"]
    group_id = open_group_with(team, clerk)
    object.__setattr__(scripted.state.run_control, "max_runs", 1)
    model.answers = [[call("add_task", {"title": "Eggs"})]]
    say(member, group_id, "@Clerk add eggs")
    wait_for_status(member, group_id, "awaiting_approval")
    refused = member.http.post(f"/v1/conversations/{group_id}/messages", json={"content": "@Clerk hello"})
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:parley:problem:too-many-runs")
    say(member, group_id, "Hello all")
    assert len(read_messages(member, group_id)) == 2


def test_an_answer_is_edited_by_nobody_and_taken_back_by_who_asked(team: Team, model: ScriptedModel) -> None:
    clerk, member, owner = add_hosted(team), team.people["member"], team.people["owner"]
    group_id = open_group_with(team, clerk)
    model.answers = [USED, ["A secret."]]
    say(member, group_id, "@Clerk tell")
    wait_for_status(member, group_id, "completed")
    path = f"/v1/messages/{read_messages(member, group_id)[-1]['id']}"
    for person in (member, owner):
        problem_of(person.http.patch(path, json={"content": "Another"}), 403)
    problem_of(owner.http.delete(path), 403)
    after = find_end(owner)
    assert member.http.delete(path).json()["content"] == ""
    assert read_messages(owner, group_id)[-1]["content"] == ""
    told = owner.get("/v1/changes", after=after)["data"]
    assert told[0]["type"] == "message.updated"
    assert "surprise" not in str(told)


def test_with_a_question_that_is_taken_back_its_runs_end_and_what_waits_goes_on(
    team: Team, model: ScriptedModel
) -> None:
    clerk, baker, member = add_hosted(team), add_hosted(team, "Baker"), team.people["member"]
    group_id = open_group_with(team, clerk, baker)
    model.answers = [["Let me see", call("add_task", {"title": "Eggs"})]] * 2
    question = say(member, group_id, "@Clerk and @Baker: add eggs")
    wait_for_status(member, group_id, "awaiting_approval", "awaiting_approval")
    say(member, group_id, "@Clerk hello")
    path = f"/v1/messages/{question['id']}"
    assert [member.http.delete(path).json()["content"] for _ in range(2)] == ["", ""]
    runs = wait_for_status(member, group_id, "cancelled", "cancelled", "completed")
    assert [run["error"] for run in runs[:2]] == ["The question was retracted."] * 2
    said = [message["content"] for message in read_messages(member, group_id)]
    assert sorted(said) == ["", "@Clerk hello", "Let me see", "Let me see", "OK."]
    assert member.get("/v1/tasks")["data"] == []


def test_a_run_in_a_group_takes_no_part_in_another_conversation_of_who_asked(
    team: Team, model: ScriptedModel
) -> None:
    clerk, member = add_hosted(team), team.people["member"]
    group_id = open_group_with(team, clerk)
    model.answers = [[call("add_task", {"title": "Eggs"})]]
    say(member, group_id, "@Clerk add eggs")
    wait_for_status(member, group_id, "awaiting_approval")
    assert member.chat("hello")["status"] == "completed"
    assert member.chat("hello", agent_id=clerk)["status"] == "completed"


def test_who_does_not_take_part_sees_no_run(scripted: Server, team: Team) -> None:
    clerk, member = add_hosted(team), team.people["member"]
    group_id = open_group_with(team, clerk)
    say(member, group_id, "@Clerk hello")
    [run] = wait_for_status(member, group_id, "completed")
    path = f"/v1/conversations/{group_id}/participants"
    member.post(path, user_id=str(team.people["other member"].id))
    for person in (team.people["other member"], scripted.person()):
        for url in (f"/v1/runs/{run['id']}", f"/v1/runs/{run['id']}/events"):
            problem_of(person.http.get(url), 404)
        problem_of(person.http.post(f"/v1/runs/{run['id']}/cancel"), 404)
    assert list_runs(team.people["other member"], group_id) == []
    member.delete(f"{path}/{member.id}")
    for url in (f"/v1/runs/{run['id']}", f"/v1/conversations/{group_id}/runs"):
        problem_of(member.http.get(url), 404)
    assert wait_until(lambda: team.people["owner"].get(f"/v1/runs/{run['id']}"))["status"] == "completed"


def test_an_answer_reaches_all_but_the_agent_and_is_read_by_who_asked(team: Team) -> None:
    clerk, member, owner = add_hosted(team), team.people["member"], team.people["owner"]
    group_id = open_group_with(team, clerk)
    say(member, group_id, "@Clerk hello")
    wait_for_status(member, group_id, "completed")
    answer = read_messages(member, group_id)[-1]
    assert member.get(f"/v1/conversations/{group_id}")["unread_count"] == 1
    for _ in range(2):
        read = member.http.post(f"/v1/conversations/{group_id}/read", json={"message_id": answer["id"]})
        assert read.status_code == 204
    rows = owner.get(f"/v1/messages/{answer['id']}/deliveries")["data"]
    assert {row["user_id"]: row["is_read"] for row in rows} == {str(member.id): True, str(owner.id): False}
    assert [row["read_at"] is not None for row in rows if row["is_read"]] == [True]


def test_of_a_line_that_is_not_known_others_see_that_it_is_there_alone() -> None:
    assert cut_data("tool.tried", {"step": 0, "arguments": {"q": "surprise"}}) == {}
    assert cut_data("message.delta", {"step": 0, "text": "Nothing ", "model_state": {}}) == {
        "step": 0,
        "text": "Nothing ",
    }


def test_among_people_an_answer_offers_no_choices_since_one_has_to_mention_the_agent(
    team: Team, model: ScriptedModel
) -> None:
    group_id = open_group_with(team, add_hosted(team))
    model.answers = [["Which one?", AnswerEnd(choices=("Yes", "No"))]]
    say(team.people["member"], group_id, "@Clerk delete milk")
    wait_for_status(team.people["member"], group_id, "completed")
    *_, answer = read_messages(team.people["owner"], group_id)
    assert answer["content"] == "Which one?"
    assert "choices" not in answer

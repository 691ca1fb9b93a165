# test_source.py -- statements are built by access/ alone, read from the source.
import ast
from collections.abc import Iterator
from functools import cache
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import StatementError
from sqlmodel import SQLModel

import access
import models
from access import RULES, Caller
from db import Transaction
from support.api.isolation import Theirs
from support.servers import Server, in_database
from support.source import BACKEND, MODULES, parse_module

SCOPED = [
    "search",
    "exports",
    "imports",
    "services",
    "identity",
    "events",
    "access/batch_deletion.py",
    "server",
    "routes",
    "agent",
    "llm",
    "tools",
    "streaming",
    "protocols",
    "console",
    "pagination.py",
    "commands",
]
# Names that start a statement without asking access/ whose rows it is about.
UNSCOPED = {
    "select",
    "update",
    "delete",
    "insert",
    "text",
    "union",
    "union_all",
    "lambda_stmt",
    "Query",
    "table",
}
JUSTIFIED = {
    (
        "imports/storing.py",
        "select",
    ): "rows by access.own_by_id; of conversations in teams those that access.select has found",
    (
        "identity/sessions.py",
        "update",
    ): "ends the other sessions, with access.visible among its conditions",
    (
        "identity/api_tokens.py",
        "update",
    ): "the caller's tokens, with access.visible among its conditions",
    ("services/planning/reminders.py", "update"): "tasks that access.select has found, as SYSTEM",
    ("services/audit/usage.py", "select"): "what one has asked for, by access.spent_run",
    ("services/idempotency.py", "delete"): "the caller's key, with access.visible",
    ("access/batch_deletion.py", "delete"): "rows that access.select has found",
    ("services/agents/agent_removal.py", "update"): "agents that access.select has found, as SYSTEM",
    ("services/agents/agent_removal.py", "delete"): "their memberships, as SYSTEM",
    ("services/agents/run_removal.py", "select"): "runs and their conversations by their rules, as SYSTEM",
    ("services/agents/run_removal.py", "update"): "the same runs",
    (
        "services/accounts/user_removal.py",
        "delete",
    ): "the personal account or the agent of a user who goes, with access.visible among the conditions",
    (
        "services/accounts/invitations.py",
        "update",
    ): "open invitations of an account that the caller has locked, with access.visible among the conditions",
    ("services/idempotency.py", "update"): "the caller's keys, with access.visible among its conditions",
    ("services/run_log.py", "delete"): "details of runs that access.select has found",
    ("services/run_log.py", "update"): "the same runs: that their details are gone",
    ("agent/call_transaction.py", "insert"): "lines of the caller's run, which the same statement holds",
    (
        "agent/call_transaction.py",
        "select",
    ): "from the run that the same statement holds; the policy is found by access.select",
    (
        "services/run_usage.py",
        "update",
    ): "a run that is at work, with its user; one that is not any more, as SYSTEM",
    ("services/run_log.py", "insert"): "lines of runs that are at work under the epoch of this worker",
    (
        "identity/auth.py",
        "delete",
    ): "expired tokens of the session that is being refreshed, as SYSTEM",
    ("identity/rate_limits.py", "delete"): "counts of attempts belong to nobody, as SYSTEM",
    (
        "identity/oauth/grants.py",
        "delete",
    ): "expired tokens of a grant that is locked, and the caller's own codes, as SYSTEM",
    (
        "protocols/mcp/direct_call_rows.py",
        "insert",
    ): "rows of the caller, into the conversation that access.visible has opened",
    ("commands/seed.py", "insert"): "new rows of the user whom the command has just created",
    ("protocols/mcp/direct_call_rows.py", "select"): "values to insert, and what was opened",
    (
        "protocols/mcp/direct_call_rows.py",
        "update",
    ): "the caller's conversation, with access.visible among its conditions",
    ("protocols/mcp/direct_call_rows.py", "union_all"): "values to insert",
    ("agent/leases.py", "union_all"): "two steps along an index, as SYSTEM",
    ("agent/leases.py", "select"): "steps from user to user among the runs that wait, as SYSTEM",
    ("events/changes.py", "select"): "each audience by its rule of access/audiences.py",
    ("events/changes.py", "union_all"): "parts that have their rules",
    ("search/message_statements.py", "select"): "from places that access/search.py has found",
    (
        "events/posted.py",
        "select",
    ): "events by a rule of access/audiences.py, with the name of their sender by access.sender_condition",
    ("events/inboxes.py", "select"): "each audience by its rule of access/audiences.py",
    ("events/inboxes.py", "union_all"): "parts that have their rules",
    ("events/writing.py", "insert"): "rows that access/ has admitted, and events, which are addressed",
    (
        "services/undo/undo.py",
        "update",
    ): "steps that access.select has found, and those that they have taken back",
    ("services/undo/kept_parts.py", "select"): "counts what access.select has found",
    ("services/undo/undo_rows.py", "select"): "tasks by their rule, conversations by one of participation",
    ("services/undo/hidden_conversations.py", "select"): "by the rules of access/participation.py",
    (
        "services/undo/hidden_conversations.py",
        "update",
    ): "places of a conversation that was found by its rule, and the caller's own tokens",
    ("services/undo/undo_imports.py", "select"): "tasks and conversations by access.own_by_id",
    ("services/undo/undo_imports.py", "delete"): "tasks by access.own_by_id",
    ("events/event_log.py", "select"): "from what access.select has found",
    ("events/event_log.py", "union_all"): "parts that access.select has found",
    ("events/event_log.py", "insert"): "numbers of events that access.select has found, as SYSTEM",
    ("events/event_log.py", "update"): "the counter of the log, as SYSTEM",
    ("events/event_log.py", "delete"): "old events and their numbers, as SYSTEM",
    ("services/participation/deliveries.py", "update"): "places that access.select has found, as SYSTEM",
    ("services/participation/deliveries.py", "insert"): "of messages that access.select has found, as SYSTEM",
    ("protocols/openai/threads.py", "select"): "the caller's own messages, by access.own_condition",
    ("services/messages.py", "select"): "a message of the caller's, by access.own_condition",
    ("services/runs.py", "select"): "runs that the caller may follow, by their rule of access/runs.py",
    (
        "services/run_log.py",
        "select",
    ): "by the rules of access/runs.py, and questions of runs that were found",
    ("services/branches/places.py", "select"): "the number of rows that access.select has found",
    ("services/run_posting.py", "select"): "conversations by a rule of access/participation.py",
    ("services/audit/tool_calls.py", "select"): "messages by access.runs.recorded_message",
    ("services/accounts/user_removal.py", "select"): "messages that name a run, as SYSTEM",
    ("agent/histories/shared_history.py", "select"): "by the rules of access/participation.py",
    ("server/health.py", "text"): "SELECT 1",
    ("events/seats.py", "select"): "the caller's places, by their rule of access/participation.py",
    ("pagination.py", "select"): "from the pages of two lists, each of which has its rules",
    ("pagination.py", "union_all"): "pages that have their rules",
    ("services/task_lists.py", "select"): "from names that were found by the rule",
    ("services/task_lists.py", "union_all"): "names that were found by the rule",
    **{
        (f"services/participation/{name}.py", "select"): "by the rules of access/participation.py"
        for name in (
            "agent_runs",
            "conversations",
            "deliveries",
            "departures",
            "kinds",
            "marks",
            "rosters",
            "shared_messages",
            "speaking",
            "views",
        )
    },
    (
        "services/participation/speaking.py",
        "update",
    ): "the marks of those who take part in a conversation that the caller has locked",
}


@cache
def scoped_modules() -> list[str]:
    found = []
    for name in SCOPED:
        path = BACKEND / name
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return [str(path.relative_to(BACKEND)) for path in found]


def used(module: str) -> Iterator[tuple[str, str]]:
    """The statement builders of SQLAlchemy and SQLModel that a module gets hold of."""
    libraries = ("sqlalchemy", "sqlmodel")
    names: set[str] = set()
    for node in ast.walk(parse_module(module)):
        if isinstance(node, ast.Import):
            whole = [alias.name for alias in node.names if alias.name.partition(".")[0] in libraries]
            assert whole == [], f"{module}:{node.lineno}: imports all of {whole}"
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in libraries:
            for alias in node.names:
                names.add(alias.asname or alias.name)
                assert alias.name != "*", module
                if alias.name in UNSCOPED:
                    yield module, alias.name
    for node in ast.walk(parse_module(module)):
        # `postgresql.insert`, and `(sqlite if ... else postgresql).insert`
        if isinstance(node, ast.Attribute) and node.attr in UNSCOPED:
            roots = {inner.id for inner in ast.walk(node.value) if isinstance(inner, ast.Name)}
            if roots & names and not isinstance(node.value, ast.Call):
                yield module, node.attr


def test_the_modules_that_are_held_to_access_are_there() -> None:
    assert {"services/tasks.py", "routes/tasks.py", "tools/registry.py", "agent/loop.py"} <= set(
        scoped_modules()
    )


def test_statements_are_built_through_access_only() -> None:
    found = {pair for module in scoped_modules() for pair in used(module)}
    assert found == JUSTIFIED.keys()


def test_no_row_is_fetched_by_its_key_past_access() -> None:
    """`tx.get(Task, id)` would ask no rule."""
    past = [
        f"{module}:{node.lineno}"
        for module in scoped_modules()
        for node in ast.walk(parse_module(module))
        if isinstance(node, ast.Attribute)
        and node.attr
        in ("get", "get_one", "scalars", "scalar", "exec", "query", "merge", "run_sync", "connection")
        and isinstance(node.value, ast.Name)
        and node.value.id in ("tx", "session")
    ]
    assert past == []


def test_only_lists_and_the_session_check_read_past_a_transaction() -> None:
    """`Database.fetch` and `store` take any statement: users of them build it from access or name its row."""
    readers = {
        module
        for module in scoped_modules()
        for node in ast.walk(parse_module(module))
        if isinstance(node, ast.Attribute) and node.attr in ("fetch", "store")
    }
    assert readers <= {
        "pagination.py",
        "identity/sessions.py",
        "identity/api_tokens.py",
        "protocols/mcp/direct_call_rows.py",
    }


@pytest.mark.parametrize(
    "table", sorted(RULES, key=lambda table: table.__name__), ids=lambda table: table.__name__
)
def test_a_statement_for_anyone_shows_nothing_until_it_is_said_for_whom(
    server: Server, theirs: Theirs, table: type[SQLModel]
) -> None:
    statement = access.select(access.ANY_CALLER, table)

    async def execute(tx: Transaction, values: dict[str, Any]) -> int:
        return len((await tx.execute(statement, values)).all())

    assert in_database(server, lambda tx: execute(tx, access.caller_params(Caller(uuid4(), None)))) == 0
    mine = in_database(server, lambda tx: execute(tx, access.caller_params(Caller(theirs.person.id, None))))
    if table in UNSEEN:
        assert mine == 0
        return  # nobody sees them: there is nothing to be said
    assert mine > 0
    with pytest.raises(StatementError, match="caller_user_id"):
        in_database(server, lambda tx: execute(tx, {}))


# Nobody sees them, not even whose they are.
UNSEEN = (
    models.RefreshToken,
    models.RateLimit,
    models.EventCounter,
    models.OAuthClient,
    models.OAuthCode,
    models.OAuthToken,
)


def named_in(module: str) -> set[str]:
    names = {node.id for node in ast.walk(parse_module(module)) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(parse_module(module)) if isinstance(node, ast.Attribute)}
    for node in ast.walk(parse_module(module)):
        if isinstance(node, ast.ImportFrom):
            names |= {alias.name for alias in node.names}
    return names


MAY_ACT_AS_SYSTEM = {
    "services/run_log.py",
    "services/run_usage.py",
    "services/housekeeping.py",
    "events/changes.py",
    "events/event_log.py",
    "services/participation/deliveries.py",
    "agent/leases.py",
    "agent/replay.py",
    "agent/worker.py",
    "identity/auth.py",
    "identity/rate_limits.py",
    "identity/users.py",
    "identity/sessions.py",
    "identity/api_tokens.py",
    "identity/oauth/clients.py",
    "identity/oauth/grants.py",
    "access/batch_deletion.py",
    "services/accounts/user_removal.py",
    "services/agents/agents.py",
    "services/agents/agent_removal.py",
    "services/agents/run_removal.py",
    "services/planning/reminders.py",
    "services/agents/answers.py",
    "services/participation/agent_runs.py",
    "commands/seed.py",
    "sampling.py",
    "services/run_counts.py",
    "streaming/open_streams.py",
    "streaming/log_tail.py",
    "streaming/delivery_marks.py",
    "protocols/conversations.py",
}


def test_only_who_may_act_as_the_system_names_it() -> None:
    naming = {module for module in MODULES if named_in(module) & {"SYSTEM", "System", "system_rule"}} - {
        "access/__init__.py",
        "access/callers.py",
        "access/rows.py",
        "access/rules.py",
    }
    assert naming == MAY_ACT_AS_SYSTEM


def test_only_who_has_found_out_who_asks_makes_a_caller() -> None:
    makers = {
        module
        for module in MODULES
        for node in ast.walk(parse_module(module))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("Caller", "OperatedCaller")
    }
    assert makers <= {
        "access/callers.py",
        "agent/replay.py",
        "identity/sessions.py",
        "identity/api_tokens.py",
        "identity/auth.py",
        "identity/oauth/grants.py",
        "services/accounts/members.py",
        "services/agents/agents.py",
        "services/agents/answers.py",
        "services/participation/agent_runs.py",
        "agent/leases.py",
        "commands/audit.py",
        "commands/tokens.py",
        "commands/transfers.py",
    }


def test_only_access_and_what_is_below_it_marks_a_rule_or_admits_a_row() -> None:
    marks = {"TableRule", "OwnerValue", "admit_row", "IS_FLUSH", "IS_ADMITTED"}
    below = {
        "access/audiences.py",
        "access/conversations.py",
        "access/memberships.py",
        "access/participation.py",
        "access/rows.py",
        "access/rules.py",
        "access/runs.py",
        "access/search.py",
        "events/writing.py",
        "storage/rule_check.py",
        "storage/row_session.py",
    }
    assert {module for module in MODULES if named_in(module) & marks} == below


def test_only_these_reach_a_driver_past_the_look_for_rules() -> None:
    past = {"exec_driver_sql", "driver_connection", "raw_connection"}
    assert {module for module in MODULES if named_in(module) & past} == {
        "db.py",  # sends what was looked at, and the SqlText of services, which a test reads
        "storage/postgresql.py",
        "storage/sqlite.py",
        "storage/schema/bootstrap.py",
        "storage/schema/lock.py",
        "storage/schema/stamp.py",
        "storage/schema/triggers.py",
    }

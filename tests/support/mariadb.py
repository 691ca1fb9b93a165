# support/mariadb.py -- the MariaDB that is running anyway: databases of random names, dropped when the run ends.
"""MariaDB comes as no Python package. The server at 127.0.0.1:3306 (root, no password) is used, or the one that
PARLEY_TEST_MARIADB_URL names; its user has to be allowed to make databases. Where none answers, tests are skipped.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any
from uuid import uuid4

import asyncmy
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from settings import SettingsError
from storage.engines import engine_url, open_engine, reason
from storage.schema import METADATA

DEFAULT = "mariadb://root@127.0.0.1:3306/"
# What a killed run left; no run takes so long.
LEFT_BEHIND_SECONDS = 24 * 3600
PREFIX = "parley_test_"

# What runs on MariaDB each time; with --all-engines everything does that takes an engine.
ALWAYS_ON_MARIADB = {
    "test_tasks.py": {
        "test_a_task_is_made_changed_and_deleted",
        "test_an_item_of_a_list_and_the_same_item_alone_are_equal",
        "test_pages_follow_each_other_without_gap_or_repetition",
        "test_tasks_are_filtered_by_state_and_by_words",
    },
    "test_auth.py": {
        "test_a_person_registers_and_sees_the_profile_and_no_secret",
        "test_the_same_email_registered_many_times_at_once_is_one_user",
        "test_refreshing_gives_a_new_pair_and_uses_the_old_token_up",
        "test_logging_out_ends_this_session_at_once_and_no_other",
        "test_deleting_an_account_leaves_no_row_of_it_and_every_row_of_others",
    },
    "test_sessions.py": {
        "test_a_token_that_comes_a_third_time_ends_the_family_with_its_fork",
        "test_a_new_password_ends_every_fork_and_the_person_stays_signed_in",
        "test_sessions_that_ended_long_ago_go_with_their_tokens_a_few_at_a_time",
        "test_the_session_that_was_used_longest_ago_ends_where_there_are_too_many",
    },
    "test_account_removal.py": {
        "test_an_account_of_many_rows_goes_in_slices_and_nobody_comes_in_meanwhile",
        "test_history_is_kept_from_whoever_is_not_leaving",
    },
    "test_events.py": {
        "test_every_kind_of_change_reaches_every_open_stream_of_any_worker",
        "test_no_event_is_skipped_though_its_transaction_commits_late",
        "test_writers_wait_neither_for_each_other_nor_for_who_numbers_and_nobody_for_them",
        "test_two_who_number_for_the_first_time_at_once_agree",
        "test_a_long_log_comes_in_pieces_and_whole",
        "test_old_events_go_and_who_comes_too_late_is_told_to_read_anew",
        "test_a_revoked_session_is_cut_within_a_second_and_no_other",
    },
    "test_mcp.py": {
        "test_every_tool_works_and_gives_a_structured_result",
        "test_one_person_sees_and_changes_nothing_of_anothers",
        "test_calls_are_on_record_as_those_of_a_chat_are",
        "test_fifty_callers_at_once_are_all_answered_and_all_on_record",
        "test_a_call_with_a_key_takes_effect_once",
        "test_only_so_many_calls_wait",
    },
    "test_shown_approvals.py": {
        "test_a_question_shows_the_row_beside_what_is_to_become_of_it",
        "test_a_row_that_changed_after_the_question_is_asked_for_anew",
        "test_whoever_changes_the_row_meanwhile_only_what_was_shown_is_done",
    },
    "test_mcp_programs.py": {
        "test_a_message_over_mcp_is_the_programs",
        "test_a_program_makes_ten_changes_in_an_hour_and_asks_for_the_eleventh",
    },
    "test_api_tokens.py": {
        "test_a_token_is_shown_once_and_kept_as_a_hash",
        "test_a_person_has_only_so_many_tokens",
    },
    "test_slots.py": {
        "test_seven_people_with_ten_slow_runs_each_do_not_make_the_eighth_wait",
        "test_a_look_takes_each_users_turn_after_the_others_and_goes_on_where_it_ended",
        "test_leases_are_renewed_together_and_a_lost_one_is_named",
    },
    "test_chat.py": {
        "test_two_tasks_in_one_sentence_are_two_tasks_and_two_calls_on_record",
        "test_the_same_message_sent_eight_times_at_once_is_stored_once",
    },
}


class MariaDBUnavailableError(RuntimeError):
    """No server answers, or it is not one that Parley works with."""


class MariaDBServer:
    """A running server; whoever else uses it has databases of other names."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._made: list[str] = []
        self._free: list[str] = []

    def url(self, database: str = "information_schema") -> str:
        return self._url.set(database=database).render_as_string(hide_password=False)

    def run(self, *statements: str, database: str = "information_schema") -> list[list[tuple[object, ...]]]:
        """The rows of each statement."""
        return asyncio.run(self._run(statements, database))

    async def _run(self, statements: tuple[str, ...], database: str) -> list[list[tuple[object, ...]]]:
        engine = open_engine(self.url(database), pool_size=1)
        try:
            async with engine.begin() as connection:
                results = [await connection.execute(text(statement)) for statement in statements]
                return [[tuple(row) for row in result] if result.returns_rows else [] for result in results]
        finally:
            await engine.dispose()

    def create_database(self, options: str = "") -> str:
        """The name of a new, empty database."""
        name = f"{PREFIX}{int(time.time())}_{uuid4().hex[:16]}"
        self.run(f"CREATE DATABASE {name} {options}")
        self._made.append(name)
        return name

    def drop_databases(self) -> None:
        """All that were made here, and those that killed runs have left."""
        like = PREFIX.replace("_", r"\_") + "%"
        [found] = self.run(f"SELECT schema_name FROM schemata WHERE schema_name LIKE '{like}'")
        names = {str(name) for [name] in found}
        old = {name for name in names if age(name) > LEFT_BEHIND_SECONDS}
        self.run(*[f"DROP DATABASE IF EXISTS {name}" for name in old | {*self._made}])
        self._made.clear()

    def lend(self) -> str | None:
        """A database with our tables and no rows, if one was given back: to make the tables takes long here."""
        return self._free.pop() if self._free else None

    def give_back(self, name: str) -> None:
        """Empties it. Messages go with their owners, alone they would refuse to."""
        rest = [table for table in METADATA.tables if table != "users"]
        self.run(*[f"DELETE FROM {table}" for table in ("users", *rest)], database=name)
        self._free.append(name)


class Answer:
    """What a cursor of another driver would hold."""

    def __init__(self, description: Any, rows: list[Any]) -> None:
        self.description = description
        self._rows = rows

    def fetchall(self) -> list[Any]:
        return self._rows


class MariaDBShell:
    """Someone at the server's own shell, without our session's settings: each statement commits.

    It is used as the connections of sqlite3 and psycopg are. Our driver is asynchronous: so it has its own loop.
    """

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._connection = self._runner.run(self._connect(url))

    async def _connect(self, url: str) -> Any:
        parsed, arguments = engine_url(url)
        return await asyncmy.connect(
            **parsed.translate_connect_args(username="user", database="db"), **arguments, autocommit=True
        )

    def execute(self, sql: str) -> Answer:
        """An empty statement does nothing."""
        return self._runner.run(self._execute(sql)) if sql.strip() else Answer(None, [])

    async def _execute(self, sql: str) -> Answer:
        async with self._connection.cursor() as cursor:
            await cursor.execute(sql)
            return Answer(cursor.description, list(await cursor.fetchall()) if cursor.description else [])

    def close(self) -> None:
        if self._connection is not None:
            self._runner.run(self._connection.ensure_closed())
            self._connection = None
            self._runner.close()

    def __enter__(self) -> "MariaDBShell":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def mariadb_program(program: str, url: str) -> list[str]:
    """The command that starts the official client on a database."""
    given = make_url(url)
    options = [f"--host={given.host}", f"--port={given.port or 3306}", f"--user={given.username}"]
    return [program, "--no-defaults", *options, f"--password={given.password or ''}", str(given.database)]


def age(name: str) -> float:
    """In seconds; a name that is not of this form is young."""
    made = name.removeprefix(PREFIX).partition("_")[0]
    return time.time() - int(made) if made.isdigit() else 0.0


def find_server() -> MariaDBServer:
    server = MariaDBServer(make_url(os.environ.get("PARLEY_TEST_MARIADB_URL") or DEFAULT))
    try:
        server.run("DO 1")
    except (OSError, DBAPIError, SettingsError) as error:
        why = reason(error) if isinstance(error, DBAPIError) else str(error)
        raise MariaDBUnavailableError(why) from error
    return server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDBServer]:
    try:
        server = find_server()
    except MariaDBUnavailableError as error:
        if os.environ.get("PARLEY_TESTS_REQUIRE_MARIADB") == "1":
            raise
        pytest.skip(f"no MariaDB: {error}")
    yield server
    server.drop_databases()

# services/run_sql.py -- the statements of a run's path in SQL: on PostgreSQL each is a transaction of its own.
# They go to the driver as they stand here; SQLite has two, for the lines of its logs. Otherwise other databases do the
# same in a short transaction, in run_posting.py, run_log.py and run_endings.py. What they do for a user names the user
# ($1 as `caller`); what a worker writes for a run names the epoch, which only the worker that claimed the run knows.
from models.agent import BUILT_IN_ID
from storage.sql_text import SqlText

ACTIVE = "('queued', 'running', 'awaiting_approval')"


def format_time(value: str) -> str:
    """SQL for a time as `clock.rfc3339` writes it."""
    return f"""to_char({value} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


# The conversation that is written to, with the number of its last message; no row where it may not be written to.
# Whatever the statement reads is from before it waits for the lock: where another message came in between, the
# number is taken, and the statement fails as a whole.
OPEN_CONVERSATION = f"""
    opened AS (
        SELECT conversations.id, sender.display_name,
            coalesce((
                SELECT messages.seq FROM messages WHERE messages.conversation_id = conversations.id
                ORDER BY messages.seq DESC LIMIT 1
            ), 0) AS last_seq,
            EXISTS (
                SELECT FROM runs WHERE runs.conversation_id = conversations.id AND runs.status IN {ACTIVE}
            ) AS is_busy
        FROM conversations, sender
        WHERE conversations.id = $3 AND conversations.user_id = $1
            AND coalesce(conversations.agent_id, conversations.account_id) = $1 AND conversations.kind = 'assistant'
            AND conversations.deleted_at IS NULL AND conversations.shown_seq IS NULL
        FOR NO KEY UPDATE OF conversations
    ), touched AS (
        UPDATE conversations SET updated_at = $2 FROM opened WHERE conversations.id = opened.id
    ), first_events (position, type, data) AS (
        SELECT 0, $4::text, NULL::jsonb WHERE false
    )"""
CREATE_CONVERSATION = f"""
    opened AS (
        INSERT INTO conversations (id, user_id, account_id, title, created_at, updated_at)
        SELECT $3, $1, $1, $4, $2, $2 FROM sender
        RETURNING id, (SELECT display_name FROM sender) AS display_name, 0 AS last_seq, false AS is_busy
    ), first_events (position, type, data) AS (
        SELECT 0, 'conversation.created', jsonb_build_object('conversation', jsonb_build_object(
            'id', id, 'title', $4::text,
            'created_at', {format_time("$2::timestamptz")}, 'updated_at', {format_time("$2::timestamptz")},
            'kind', 'assistant', 'account_id', $1, 'agent_id', '{BUILT_IN_ID}'
        )) FROM opened
    )"""


def build_run_object(status: str, started_at: str) -> str:
    """SQL for RunPublic, from `run`."""
    return f"""jsonb_build_object(
                'id', run.id, 'conversation_id', run.conversation_id, 'status', {status}, 'error', NULL,
                'pending_approvals', jsonb_build_array(), 'created_at', {format_time("run.created_at")},
                'started_at', {started_at}, 'finished_at', NULL, 'input_tokens', 0, 'output_tokens', 0, 'cost', NULL)"""


def build_post(open_conversation: str) -> str:
    """A message with its run, which is at work at once where `may_claim` is true and nothing is before it.

    $1 caller, $2 now, $3 conversation, $4 title, $5 run, $6 message, $7 content, $8 client_id, $9 time zone,
    $10 lease in seconds, $11 may_claim, $12 the most runs of a user, $13 when the events may
    be deleted. No row: something else has to be done or said.
    """
    return f"""
    WITH sender AS (
        SELECT users.id, users.display_name FROM users
        WHERE users.id = $1 AND users.deleted_at IS NULL
            AND NOT EXISTS (SELECT FROM messages WHERE messages.user_id = $1 AND messages.client_id = $8)
            AND (SELECT count(*) FROM runs WHERE runs.user_id = $1 AND runs.status IN {ACTIVE}) < $12
    ), {open_conversation}, run AS (
        INSERT INTO runs (
            id, conversation_id, user_id, trigger_seq, created_at, input_tokens, output_tokens, takeovers,
            status, epoch, started_at, lease_expires_at
        )
        SELECT $5, opened.id, $1, opened.last_seq + 1, $2, 0, 0, 0, claim.status, claim.epoch, claim.started_at,
            claim.started_at + make_interval(secs => $10)
        FROM opened, LATERAL (
            SELECT 'running' AS status, 1 AS epoch, clock_timestamp() AS started_at
            WHERE $11 AND NOT opened.is_busy
            UNION ALL SELECT 'queued', 0, NULL WHERE NOT $11 OR opened.is_busy
        ) AS claim
        RETURNING *
    ), message AS (
        INSERT INTO messages (id, conversation_id, user_id, role, content, created_at, seq, client_id, run_id)
        SELECT $6, run.conversation_id, $1, 'user', $7, $2, run.trigger_seq, $8, run.id FROM run
    ), first_line AS (
        INSERT INTO run_events (run_id, seq, type, data, created_at)
        SELECT run.id, 1, 'run.started', jsonb_build_object(
            'conversation_id', run.conversation_id, 'user_message_id', $6::uuid, 'timezone', $9::text
        ), $2
        FROM run WHERE run.status = 'running'
    ), new_events (position, type, data) AS (
        SELECT position, type, data FROM first_events
        UNION ALL
        SELECT 1, 'message.created', jsonb_build_object('message', jsonb_build_object(
            'id', $6::uuid, 'conversation_id', run.conversation_id, 'role', 'user',
            'sender', jsonb_build_object('type', 'user', 'id', $1, 'name', opened.display_name),
            'content', $7::text, 'tool_calls', NULL, 'client_id', $8::text, 'run_id', run.id,
            'finish_reason', NULL,
            'created_at', {format_time("$2::timestamptz")}, 'agent_id', NULL
        )) FROM run, opened
        UNION ALL
        SELECT 2, 'run.queued', jsonb_build_object('run', {build_run_object("'queued'", "NULL")}) FROM run
        UNION ALL
        SELECT 3, 'run.started', jsonb_build_object(
            'run', {build_run_object("'running'", format_time("run.started_at"))}
        ) FROM run WHERE run.status = 'running'
    ), told AS (
        INSERT INTO events (audience, audience_id, type, payload, created_at, expires_at)
        SELECT 'user', $1, type, data, $2, $13 FROM new_events ORDER BY position
    )
    SELECT conversation_id, trigger_seq, started_at FROM run"""


# Whose each row is: what is written goes where `sender` and `opened` lead, which begin with the caller.
POST_RULES = {
    "users": ("users.id = $1 AND users.deleted_at IS NULL",),
    "messages": (
        "messages.user_id = $1 AND messages.client_id = $8",
        "(id, conversation_id, user_id, role, content, created_at, seq, client_id, run_id)"
        " SELECT $6, run.conversation_id, $1,",
    ),
    "runs": ("runs.user_id = $1 AND", "SELECT $5, opened.id, $1,"),
    "run_events": ("SELECT run.id, 1, 'run.started',",),
    "events": ("SELECT 'user', $1, type, data, $2, $13 FROM new_events",),
}
POST_INTO_CONVERSATION = SqlText(
    build_post(OPEN_CONVERSATION),
    {
        **POST_RULES,
        "conversations": (
            "conversations.id = $3 AND conversations.user_id = $1 "
            "AND coalesce(conversations.agent_id, conversations.account_id) = $1 "
            "AND conversations.kind = 'assistant' AND conversations.deleted_at IS NULL",
            "FROM opened WHERE conversations.id = opened.id",
        ),
        "messages": (*POST_RULES["messages"], "messages.conversation_id = conversations.id"),
        "runs": (*POST_RULES["runs"], "runs.conversation_id = conversations.id"),
    },
)
POST_INTO_NEW_CONVERSATION = SqlText(
    build_post(CREATE_CONVERSATION),
    {**POST_RULES, "conversations": ("SELECT $3, $1, $1, $4, $2, $2 FROM sender",)},
)

# The lines of many runs, each under its run's epoch ($1 runs, $2 epochs, $3 numbers, $4 types, $5 data, $6 now). Some
# bring what their run has used since ($7 runs, $8 numbers, $9 models, $10 and $11 tokens, $12 cost): a line that an
# earlier try has stored adds it no second time.
# Whatever else writes to a run locks its row first, so nobody's line comes between. A run that is locked at this
# moment is left out, not waited for: it is not lost.
STORE_LINES = SqlText(
    """
    WITH lines AS (
        SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::jsonb[])
            AS line (run_id, epoch, seq, type, data)
    ), held AS MATERIALIZED (
        SELECT runs.id FROM runs
        WHERE (runs.id, runs.epoch) IN (SELECT run_id, epoch FROM lines) AND runs.status = 'running'
        ORDER BY runs.id
        FOR NO KEY UPDATE SKIP LOCKED
    ), stored AS (
        INSERT INTO run_events (run_id, seq, type, data, created_at)
        SELECT lines.run_id, lines.seq, lines.type, lines.data, $6
        FROM lines JOIN held ON held.id = lines.run_id
        ON CONFLICT (run_id, seq) DO NOTHING
        RETURNING run_id, seq
    ), used AS (
        SELECT run_id, max(model) AS model, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
            sum(cost_nanos)::bigint AS cost_nanos
        FROM unnest($7::uuid[], $8::int[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[])
            AS line (run_id, seq, model, input_tokens, output_tokens, cost_nanos)
        JOIN stored USING (run_id, seq)
        GROUP BY run_id
    ), counted AS (
        UPDATE runs SET
            input_tokens = least(runs.input_tokens + used.input_tokens, 2147483647),
            output_tokens = least(runs.output_tokens + used.output_tokens, 2147483647),
            model = coalesce(used.model, runs.model),
            cost_nanos = coalesce(runs.cost_nanos + used.cost_nanos, used.cost_nanos, runs.cost_nanos)
        FROM used WHERE runs.id = used.run_id
    )
    SELECT id FROM held""",
    {
        "runs": (
            "(runs.id, runs.epoch) IN (SELECT run_id, epoch FROM lines)",
            "FROM used WHERE runs.id = used.run_id",
        ),
        "run_events": ("FROM lines JOIN held ON held.id = lines.run_id",),
    },
)

# The same on SQLite, line by line within one transaction that nobody else writes beside. Its triggers refuse no line,
# and a line that an earlier try has stored stays as it is.
FIND_RUN_ON_SQLITE = SqlText(
    "SELECT 1 FROM runs WHERE id = ? AND epoch = ? AND status = 'running'",
    {"runs": ("id = ? AND epoch = ?",)},
)
INSERT_LINE_ON_SQLITE = SqlText(
    """
    INSERT INTO run_events (run_id, seq, type, data, created_at)
    SELECT id, ?, ?, ?, ? FROM runs WHERE id = ? AND epoch = ? AND status = 'running'
    ON CONFLICT (run_id, seq) DO NOTHING""",
    {"run_events": ("SELECT id, ?, ?, ?, ? FROM runs WHERE id = ?",), "runs": ("id = ? AND epoch = ?",)},
)

ADD_USAGE_ON_SQLITE = SqlText(
    """
    UPDATE runs SET
        model = coalesce(?1, model), input_tokens = min(input_tokens + ?2, 2147483647),
        output_tokens = min(output_tokens + ?3, 2147483647), cost_nanos = coalesce(cost_nanos + ?4, ?4, cost_nanos)
    WHERE id = ?5 AND epoch = ?6 AND status = 'running'""",
    {"runs": ("WHERE id = ?5 AND epoch = ?6",)},
)

# The end of a run: its answer, the last lines of its log, and what its user's streams are told. The conversation is
# locked before the run, as everywhere. $1 caller, $2 now, $3 conversation, $4 run, $5 epoch, $6 status, $7 error,
# $8 and $9 tokens to add, $10 message (NULL: none), $11 content, $12 tool calls, $13 the number of the first line,
# $14 and $15 types and data of the lines, $16 and $17 those of the events, $18 finish_reason, $19 model,
# $20 when the events may be deleted, $21 cost to add, $22 the choices of the answer. It finds the run that waits in
# the conversation, as of its beginning: a message that came later has taken the number of the answer, and it fails.
END_RUN = SqlText(
    """
    WITH opened AS (
        SELECT conversations.id,
            coalesce((
                SELECT messages.seq FROM messages WHERE messages.conversation_id = conversations.id
                ORDER BY messages.seq DESC LIMIT 1
            ), 0) AS last_seq, conversations.agent_id
        FROM conversations WHERE conversations.id = $3 AND conversations.user_id = $1
        FOR NO KEY UPDATE
    ), ended AS (
        UPDATE runs SET status = $6, error = $7, finished_at = $2, lease_expires_at = NULL,
            input_tokens = least(input_tokens::bigint + $8, 2147483647),
            output_tokens = least(output_tokens::bigint + $9, 2147483647), model = coalesce($19, model),
            cost_nanos = coalesce(cost_nanos + $21::bigint, $21, cost_nanos)
        FROM opened
        WHERE runs.id = $4 AND runs.conversation_id = opened.id AND runs.epoch = $5 AND runs.status = 'running'
        RETURNING runs.id, opened.last_seq, opened.agent_id, runs.replaces_id
    ), touched AS (
        UPDATE conversations SET updated_at = $2 FROM ended WHERE conversations.id = $3 AND $10::uuid IS NOT NULL
    ), answer AS (
        INSERT INTO messages (
            id, conversation_id, user_id, role, content, tool_calls, created_at, seq, run_id, finish_reason, agent_id,
            choices, replaces_id
        )
        SELECT $10, $3, $1, 'agent', $11, $12::jsonb, $2, ended.last_seq + 1, ended.id, $18, ended.agent_id, $22::jsonb,
            ended.replaces_id
        FROM ended WHERE $10::uuid IS NOT NULL
    ), lines AS (
        INSERT INTO run_events (run_id, seq, type, data, created_at)
        SELECT ended.id, $13 + line.position - 1, line.type, line.data, $2
        FROM ended, unnest($14::text[], $15::jsonb[]) WITH ORDINALITY AS line (type, data, position)
    ), told AS (
        INSERT INTO events (audience, audience_id, type, payload, created_at, expires_at)
        SELECT 'user', $1, event.type, event.data, $2, $20
        FROM ended, unnest($16::text[], $17::jsonb[]) WITH ORDINALITY AS event (type, data, position)
        ORDER BY event.position
    )
    SELECT ended.id, ARRAY(
        SELECT runs.id FROM runs WHERE runs.conversation_id = $3 AND runs.status = 'queued' AND NOT runs.is_external
        ORDER BY runs.trigger_seq LIMIT 1
    ) FROM ended""",
    {
        "conversations": (
            "conversations.id = $3 AND conversations.user_id = $1",
            "FROM ended WHERE conversations.id = $3",
        ),
        "messages": (
            "messages.conversation_id = conversations.id",
            "SELECT $10, $3, $1, 'agent', $11, $12::jsonb, $2, ended.last_seq + 1, ended.id, $18, ended.agent_id, "
            "$22::jsonb, ended.replaces_id FROM ended",
        ),
        "runs": (
            "runs.id = $4 AND runs.conversation_id = opened.id AND runs.epoch = $5",
            "runs.conversation_id = $3 AND runs.status = 'queued'",
        ),
        "run_events": ("SELECT ended.id, $13 + line.position - 1, line.type, line.data, $2 FROM ended,",),
        "events": ("SELECT 'user', $1, event.type, event.data, $2, $20 FROM ended,",),
    },
)

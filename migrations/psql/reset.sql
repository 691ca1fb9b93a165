-- Undoes, newest first, every file from the one at which the database stands down to the including one, and
-- moves the stamp back. One block for each file; a new file adds its block at the top.

SELECT CASE
  WHEN left(:'stamp', 3) COLLATE "C" > '042' THEN
    'the database is at ' || :'stamp' || ', newer than these files, which therefore cannot reset it'
  ELSE ''
END AS refusal \gset
\ir refuse.sql

SELECT left(:'stamp', 3) COLLATE "C" >= '042' AND left(:'revision', 3) COLLATE "C" <= '042' AS undo \gset
\if :undo
  UPDATE access_tokens SET revoked_at = CURRENT_TIMESTAMP WHERE client_id IS NOT NULL AND revoked_at IS NULL;
  ALTER TABLE access_tokens DROP COLUMN resource, DROP COLUMN client_id;
  DROP TABLE oauth_tokens CASCADE;
  DROP TABLE oauth_codes CASCADE;
  DROP TABLE oauth_clients CASCADE;
  \echo 042_add_oauth: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '041' AND left(:'revision', 3) COLLATE "C" <= '041' AS undo \gset
\if :undo
  -- All messages stay, in one line; runs that have answered one once more stay without the question.
  UPDATE runs SET status = 'cancelled', epoch = epoch + 1, lease_expires_at = NULL, finished_at = CURRENT_TIMESTAMP
  WHERE attempt > 0 AND status IN ('queued', 'running', 'awaiting_approval');
  UPDATE runs SET trigger_seq = lowest - place
  FROM (
    SELECT id, row_number() OVER (PARTITION BY conversation_id ORDER BY trigger_seq, attempt) AS place
    FROM runs WHERE attempt > 0
  ) AS numbered, (
    SELECT conversation_id, least(min(trigger_seq), 0) AS lowest FROM runs GROUP BY conversation_id
  ) AS least_seqs
  WHERE runs.id = numbered.id AND least_seqs.conversation_id = runs.conversation_id;
  ALTER TABLE runs
    ADD CONSTRAINT uq_runs_conversation_id_trigger_seq_agent_key UNIQUE (conversation_id, trigger_seq, agent_key),
    DROP CONSTRAINT uq_runs_conversation_id_trigger_seq_agent_key_attempt,
    DROP COLUMN replaces_id,
    DROP COLUMN attempt;
  ALTER TABLE conversations DROP COLUMN shown_id, DROP COLUMN shown_seq;
  DROP INDEX idx_messages_after_seq;
  DROP INDEX idx_messages_replaces_id;
  ALTER TABLE messages DROP COLUMN after_id, DROP COLUMN after_seq, DROP COLUMN replaces_id;
  \echo 041_add_branches: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '040' AND left(:'revision', 3) COLLATE "C" <= '040' AS undo \gset
\if :undo
  CREATE INDEX idx_runs_user_id ON runs (user_id);
  \echo 040_drop_runs_user_id_index: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '039' AND left(:'revision', 3) COLLATE "C" <= '039' AS undo \gset
\if :undo
  DELETE FROM undo_steps WHERE noun = 'import';
  ALTER TABLE undo_steps
    DROP CONSTRAINT undo_steps_noun_check,
    ADD CONSTRAINT undo_steps_noun_check CHECK (noun IN ('task', 'conversation'));
  DROP TABLE import_rows CASCADE;
  \echo 039_add_import_rows: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '038' AND left(:'revision', 3) COLLATE "C" <= '038' AS undo \gset
\if :undo
  DELETE FROM conversations WHERE deleted_at IS NOT NULL;
  DROP FUNCTION refuse_message_delete() CASCADE;
  ALTER TABLE conversations DROP COLUMN deleted_at;
  CREATE FUNCTION refuse_message_delete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stays boolean := true;
BEGIN
    -- By the table's own schema, because a cascade runs with whatever search_path the session has.
    EXECUTE format(
        'SELECT EXISTS ('
        'SELECT FROM %1$I.conversations JOIN %1$I.accounts ON accounts.id = account_id'
        ' LEFT JOIN %1$I.agents ON agents.id = agent_id'
        ' WHERE conversations.id = $1 AND accounts.deleted_at IS NULL AND agents.deleted_at IS NULL)'
        ' AND EXISTS (SELECT FROM %1$I.users WHERE id = $2 AND deleted_at IS NULL)', TG_TABLE_SCHEMA
    ) INTO stays USING OLD.conversation_id, OLD.user_id;
    IF NOT stays THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'messages are only added: DELETE is refused' USING ERRCODE = 'restrict_violation';
END
$$;
  CREATE TRIGGER messages_refuse_delete BEFORE DELETE ON messages
    FOR EACH ROW EXECUTE FUNCTION refuse_message_delete();
  \echo 038_hide_deleted_conversations: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '037' AND left(:'revision', 3) COLLATE "C" <= '037' AS undo \gset
\if :undo
  ALTER TABLE messages DROP COLUMN choices;
  \echo 037_add_choices: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '036' AND left(:'revision', 3) COLLATE "C" <= '036' AS undo \gset
\if :undo
  ALTER TABLE users DROP COLUMN language;
  \echo 036_add_user_language: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '035' AND left(:'revision', 3) COLLATE "C" <= '035' AS undo \gset
\if :undo
  DROP INDEX idx_undo_steps_deleted;
  \echo 035_add_deleted_steps_index: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '034' AND left(:'revision', 3) COLLATE "C" <= '034' AS undo \gset
\if :undo
  DROP TABLE kept_parts CASCADE;
  \echo 034_add_kept_parts: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '033' AND left(:'revision', 3) COLLATE "C" <= '033' AS undo \gset
\if :undo
  DROP TABLE undo_steps CASCADE;
  \echo 033_add_undo_steps: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '032' AND left(:'revision', 3) COLLATE "C" <= '032' AS undo \gset
\if :undo
  ALTER TABLE tasks DISABLE TRIGGER tasks_move_updated_at;
  UPDATE tasks
  SET description = concat_ws(
    ' ', CASE WHEN note ~ '[^.!?…]$' THEN note || '.' ELSE nullif(note, '') END, 'Due ' || words
  )
  FROM (
    SELECT id, btrim(coalesce(description, ''), E' \n\t\r') AS note, to_char(
        coalesce(due_on::timestamp, due_at AT TIME ZONE zone),
        'FMDay FMDD FMMonth YYYY' || CASE WHEN due_at IS NULL THEN '' ELSE ', HH24:MI' END
    ) AS words
    FROM (
        SELECT *, coalesce((SELECT name FROM pg_timezone_names WHERE name = due_timezone), 'UTC') AS zone
        FROM tasks WHERE due_on IS NOT NULL OR due_at IS NOT NULL
    ) AS dated
  ) AS due
  WHERE due.id = tasks.id;
  ALTER TABLE tasks ENABLE TRIGGER tasks_move_updated_at;
  DROP TRIGGER tasks_move_updated_at ON tasks;
  CREATE TRIGGER tasks_move_updated_at BEFORE UPDATE ON tasks
    FOR EACH ROW WHEN (old.updated_at = new.updated_at) EXECUTE FUNCTION move_updated_at();
  ALTER TABLE tasks DROP COLUMN due_on, DROP COLUMN due_at, DROP COLUMN due_timezone, DROP COLUMN due_by,
    DROP COLUMN repeats, DROP COLUMN reminder_at, DROP COLUMN remind_at, DROP COLUMN priority, DROP COLUMN position,
    DROP COLUMN list;
  \echo 032_add_task_dates: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '031' AND left(:'revision', 3) COLLATE "C" <= '031' AS undo \gset
\if :undo
  UPDATE runs SET status = 'cancelled', epoch = epoch + 1, lease_expires_at = NULL, finished_at = CURRENT_TIMESTAMP
  WHERE is_shared AND status IN ('queued', 'running', 'awaiting_approval');
  UPDATE runs SET trigger_seq = -place FROM (
    SELECT id, row_number() OVER (PARTITION BY conversation_id ORDER BY trigger_seq, id) AS place FROM runs WHERE is_shared
  ) AS numbered WHERE runs.id = numbered.id;
  CREATE INDEX idx_runs_status_user_id_conversation_id_trigger_seq
    ON runs (status, user_id, conversation_id, trigger_seq);
  ALTER TABLE runs ADD CONSTRAINT uq_runs_conversation_id_trigger_seq UNIQUE (conversation_id, trigger_seq),
    DROP COLUMN is_shared, DROP COLUMN agent_key, DROP COLUMN agent_id;
  \echo 031_add_agents_to_runs: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '030' AND left(:'revision', 3) COLLATE "C" <= '030' AS undo \gset
\if :undo
  DROP FUNCTION add_search_entry(), change_search_entry() CASCADE;
  DROP TABLE search_entries CASCADE;
  \echo 030_add_search_entries: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '029' AND left(:'revision', 3) COLLATE "C" <= '029' AS undo \gset
\if :undo
  ALTER TABLE users DROP COLUMN departed_at;
  \echo 029_keep_departed_users: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '028' AND left(:'revision', 3) COLLATE "C" <= '028' AS undo \gset
\if :undo
  DROP TABLE message_deliveries CASCADE;
  \echo 028_add_message_deliveries: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '027' AND left(:'revision', 3) COLLATE "C" <= '027' AS undo \gset
\if :undo
  DROP TABLE message_changes CASCADE;
  DROP FUNCTION keep_message_changes();
  DROP INDEX idx_messages_user_id_created_at;
  ALTER TABLE messages DROP COLUMN reply_to_seq;
  \echo 027_add_message_changes: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '026' AND left(:'revision', 3) COLLATE "C" <= '026' AS undo \gset
\if :undo
  DROP FUNCTION delete_events_of_conversation() CASCADE;
  DROP TABLE conversation_participants CASCADE;
  DROP INDEX idx_conversations_account_id_kind, idx_conversations_account_id_updated_at;
  ALTER TABLE conversations DROP CONSTRAINT uq_conversations_account_id_id CASCADE,
    DROP COLUMN direct_key, DROP COLUMN last_seq;
  \echo 026_add_participants: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '025' AND left(:'revision', 3) COLLATE "C" <= '025' AS undo \gset
\if :undo
  ALTER TABLE runs DROP COLUMN is_external;
  ALTER TABLE messages DROP COLUMN error, DROP COLUMN resolution_note, DROP COLUMN final_query,
    DROP COLUMN query_attempts, DROP COLUMN action, DROP COLUMN agent_id;
  \echo 025_add_query_audit: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '024' AND left(:'revision', 3) COLLATE "C" <= '024' AS undo \gset
\if :undo
  DROP FUNCTION refuse_message_delete() CASCADE;
  ALTER TABLE conversations DROP COLUMN agent_id, DROP COLUMN account_id, DROP COLUMN kind;
  CREATE FUNCTION refuse_message_delete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stays boolean := true;
BEGIN
    -- By the table's own schema, because a cascade runs with whatever search_path the session has.
    EXECUTE format(
        'SELECT EXISTS (SELECT FROM %1$I.conversations WHERE id = $1)'
        ' AND EXISTS (SELECT FROM %1$I.users WHERE id = $2 AND deleted_at IS NULL)', TG_TABLE_SCHEMA
    ) INTO stays USING OLD.conversation_id, OLD.user_id;
    IF NOT stays THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'messages are only added: DELETE is refused' USING ERRCODE = 'restrict_violation';
END
$$;
  CREATE TRIGGER messages_refuse_delete BEFORE DELETE ON messages
    FOR EACH ROW EXECUTE FUNCTION refuse_message_delete();
  \echo 024_add_conversation_accounts: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '023' AND left(:'revision', 3) COLLATE "C" <= '023' AS undo \gset
\if :undo
  DROP TABLE agents CASCADE;
  UPDATE access_tokens SET revoked_at = CURRENT_TIMESTAMP
    WHERE revoked_at IS NULL AND user_id IN (SELECT id FROM users WHERE kind = 'agent');
  DROP TRIGGER users_add_account ON users;
  ALTER TABLE users DROP COLUMN kind;
  CREATE TRIGGER users_add_account AFTER INSERT ON users
    FOR EACH ROW EXECUTE FUNCTION add_personal_account();
  \echo 023_add_agents: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '022' AND left(:'revision', 3) COLLATE "C" <= '022' AS undo \gset
\if :undo
  ALTER TABLE runs DROP COLUMN cost_nanos;
  \echo 022_add_run_cost: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '021' AND left(:'revision', 3) COLLATE "C" <= '021' AS undo \gset
\if :undo
  ALTER TABLE events DROP COLUMN recipient_id, DROP COLUMN account_id;
  \echo 021_add_recipient_id_to_events: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '020' AND left(:'revision', 3) COLLATE "C" <= '020' AS undo \gset
\if :undo
  DROP FUNCTION add_personal_account(), delete_personal_account(), delete_events_of_account() CASCADE;
  DROP TABLE account_invitations CASCADE;
  DROP TABLE account_members CASCADE;
  DROP TABLE accounts CASCADE;
  \echo 020_add_accounts: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '019' AND left(:'revision', 3) COLLATE "C" <= '019' AS undo \gset
\if :undo
  DROP TABLE event_reads CASCADE;
  CREATE INDEX idx_events_audience_audience_id ON events (audience, audience_id, id);
  DROP INDEX idx_events_audience_audience_id_expires_at;
  \echo 019_add_event_reads: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '018' AND left(:'revision', 3) COLLATE "C" <= '018' AS undo \gset
\if :undo
  DROP FUNCTION delete_events_of_user() CASCADE;
  DROP TABLE event_log CASCADE;
  DROP TABLE event_counter CASCADE;
  CREATE TEMP TABLE kept_events ON COMMIT DROP AS
    SELECT id, audience_id, type, payload, created_at FROM events
    WHERE audience = 'user' AND audience_id IN (SELECT id FROM users);
  DROP TABLE events CASCADE;
  CREATE TABLE events (
    id BIGSERIAL NOT NULL,
    user_id UUID NOT NULL,
    seq BIGINT,
    type VARCHAR(40) NOT NULL,
    data JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT events_pkey PRIMARY KEY (id),
    CONSTRAINT uq_events_user_id_seq UNIQUE (user_id, seq),
    CONSTRAINT fk_events_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
  );
  INSERT INTO events (id, user_id, type, data, created_at) SELECT * FROM kept_events;
  SELECT setval('events_id_seq', coalesce(max(id), 1), count(*) > 0) AS moved FROM events \gset
  CREATE INDEX idx_events_created_at ON events (created_at);
  CREATE TABLE event_sequences (
    user_id UUID NOT NULL,
    last_seq BIGINT NOT NULL DEFAULT 0,
    CONSTRAINT event_sequences_pkey PRIMARY KEY (user_id),
    CONSTRAINT fk_event_sequences_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
  );
  \echo 018_add_event_log: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '017' AND left(:'revision', 3) COLLATE "C" <= '017' AS undo \gset
\if :undo
  DROP FUNCTION add_tool_calls() CASCADE;
  DROP TABLE tool_calls CASCADE;
  DROP INDEX idx_runs_user_id_created_at;
  ALTER TABLE runs DROP COLUMN model;
  \echo 017_add_audit_trail: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '016' AND left(:'revision', 3) COLLATE "C" <= '016' AS undo \gset
\if :undo
  ALTER TABLE messages DROP COLUMN finish_reason;
  \echo 016_add_finish_reason: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '015' AND left(:'revision', 3) COLLATE "C" <= '015' AS undo \gset
\if :undo
  DROP FUNCTION refuse_message_delete() CASCADE;
  CREATE TRIGGER messages_refuse_delete BEFORE DELETE ON messages
    FOR EACH ROW EXECUTE FUNCTION keep_messages();
  ALTER TABLE refresh_tokens DROP COLUMN reused_at, DROP COLUMN generation;
  DROP INDEX idx_auth_sessions_revoked_at, idx_auth_sessions_expires_at;
  ALTER TABLE auth_sessions DROP COLUMN family_id;
  ALTER TABLE users DROP COLUMN deleted_at;
  \echo 015_add_account_removal: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '014' AND left(:'revision', 3) COLLATE "C" <= '014' AS undo \gset
\if :undo
  ALTER TABLE messages DROP COLUMN program_name, DROP COLUMN program_id;
  ALTER TABLE approvals DROP COLUMN digest, DROP COLUMN shown;
  \echo 014_keep_what_was_shown: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '013' AND left(:'revision', 3) COLLATE "C" <= '013' AS undo \gset
\if :undo
  DROP INDEX idx_runs_status_user_id_conversation_id_trigger_seq;
  ALTER TABLE runs DROP COLUMN takeovers;
  \echo 013_count_takeovers: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '012' AND left(:'revision', 3) COLLATE "C" <= '012' AS undo \gset
\if :undo
  ALTER TABLE tasks DROP COLUMN completed_at;
  \echo 012_add_completed_at: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '011' AND left(:'revision', 3) COLLATE "C" <= '011' AS undo \gset
\if :undo
  DROP TABLE access_tokens CASCADE;
  \echo 011_add_access_tokens: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '010' AND left(:'revision', 3) COLLATE "C" <= '010' AS undo \gset
\if :undo
  DROP TABLE event_sequences CASCADE;
  DROP TABLE events CASCADE;
  \echo 010_add_events: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '009' AND left(:'revision', 3) COLLATE "C" <= '009' AS undo \gset
\if :undo
  ALTER TABLE users DROP COLUMN approval;
  DROP TABLE approvals CASCADE;
  \echo 009_add_approvals: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '008' AND left(:'revision', 3) COLLATE "C" <= '008' AS undo \gset
\if :undo
  ALTER TABLE runs DROP COLUMN details_deleted_at;
  \echo 008_add_run_retention: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '007' AND left(:'revision', 3) COLLATE "C" <= '007' AS undo \gset
\if :undo
  DROP TABLE idempotency_keys CASCADE;
  \echo 007_add_idempotency_keys: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '006' AND left(:'revision', 3) COLLATE "C" <= '006' AS undo \gset
\if :undo
  DROP FUNCTION keep_messages(), keep_created_at(), move_updated_at() CASCADE;
  \echo 006_protect_history: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '005' AND left(:'revision', 3) COLLATE "C" <= '005' AS undo \gset
\if :undo
  ALTER TABLE messages DROP COLUMN run_id, DROP COLUMN client_id, DROP COLUMN seq;
  DROP TABLE run_events CASCADE;
  DROP TABLE runs CASCADE;
  \echo 005_add_runs: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '004' AND left(:'revision', 3) COLLATE "C" <= '004' AS undo \gset
\if :undo
  DROP TABLE rate_limits CASCADE;
  DROP TABLE refresh_tokens CASCADE;
  DROP TABLE auth_sessions CASCADE;
  ALTER TABLE users DROP COLUMN timezone, DROP COLUMN display_name;
  \echo 004_add_auth_sessions: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '003' AND left(:'revision', 3) COLLATE "C" <= '003' AS undo \gset
\if :undo
  DROP TABLE messages CASCADE;
  \echo 003_add_messages_table: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '002' AND left(:'revision', 3) COLLATE "C" <= '002' AS undo \gset
\if :undo
  DROP TABLE conversations CASCADE;
  \echo 002_add_conversations_table: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '001' AND left(:'revision', 3) COLLATE "C" <= '001' AS undo \gset
\if :undo
  DROP TABLE tasks CASCADE;
  \echo 001_create_tasks_table: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= '000' AND left(:'revision', 3) COLLATE "C" <= '000' AS undo \gset
\if :undo
  DROP TABLE users CASCADE;
  \echo 000_create_users_table: dropped
\endif

SELECT left(:'stamp', 3) COLLATE "C" >= left(:'revision', 3) AS moved \gset
\if :moved
  \set stamp :predecessor
  DELETE FROM alembic_version;
  INSERT INTO alembic_version (version_num) SELECT :'stamp' WHERE :'stamp' <> '';
\endif

-- 006_protect_history: what was said stays said, whoever is at the keyboard.
--
-- The backend never changes a message, but a slip in psql or a bug to come might. So the database itself refuses an
-- UPDATE or TRUNCATE of messages, and a DELETE while both the conversation and the user of the message exist:
-- whoever deletes a conversation or a person takes their messages along, and nobody takes a single one. created_at
-- is when a row was made, so it never changes. updated_at moves by itself when a change does not set it.

\set ON_ERROR_STOP on
\set revision 006_protect_history
\set predecessor 005_add_runs
\ir psql/begin.sql
\if :apply

-- Triggers: create_all and Alembic take what stands from here to the end, statement by statement, from this file.

CREATE FUNCTION keep_messages() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stays boolean := true;
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- By the table's own schema, because a cascade runs with whatever search_path the session has.
        EXECUTE format(
            'SELECT EXISTS (SELECT FROM %1$I.conversations WHERE id = $1)'
            ' AND EXISTS (SELECT FROM %1$I.users WHERE id = $2)', TG_TABLE_SCHEMA
        ) INTO stays USING OLD.conversation_id, OLD.user_id;
        IF NOT stays THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'messages are only added: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

CREATE FUNCTION keep_created_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'created_at of % never changes', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE FUNCTION move_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$;

CREATE TRIGGER messages_refuse_update BEFORE UPDATE ON messages
    FOR EACH ROW EXECUTE FUNCTION keep_messages();

CREATE TRIGGER messages_refuse_delete BEFORE DELETE ON messages
    FOR EACH ROW EXECUTE FUNCTION keep_messages();

CREATE TRIGGER messages_refuse_truncate BEFORE TRUNCATE ON messages
    FOR EACH STATEMENT EXECUTE FUNCTION keep_messages();

CREATE TRIGGER users_keep_created_at BEFORE UPDATE ON users
    FOR EACH ROW WHEN (old.created_at IS DISTINCT FROM new.created_at) EXECUTE FUNCTION keep_created_at();

CREATE TRIGGER tasks_keep_created_at BEFORE UPDATE ON tasks
    FOR EACH ROW WHEN (old.created_at IS DISTINCT FROM new.created_at) EXECUTE FUNCTION keep_created_at();

CREATE TRIGGER conversations_keep_created_at BEFORE UPDATE ON conversations
    FOR EACH ROW WHEN (old.created_at IS DISTINCT FROM new.created_at) EXECUTE FUNCTION keep_created_at();

CREATE TRIGGER auth_sessions_keep_created_at BEFORE UPDATE ON auth_sessions
    FOR EACH ROW WHEN (old.created_at IS DISTINCT FROM new.created_at) EXECUTE FUNCTION keep_created_at();

CREATE TRIGGER refresh_tokens_keep_created_at BEFORE UPDATE ON refresh_tokens
    FOR EACH ROW WHEN (old.created_at IS DISTINCT FROM new.created_at) EXECUTE FUNCTION keep_created_at();

CREATE TRIGGER runs_keep_created_at BEFORE UPDATE ON runs
    FOR EACH ROW WHEN (old.created_at IS DISTINCT FROM new.created_at) EXECUTE FUNCTION keep_created_at();

CREATE TRIGGER run_events_keep_created_at BEFORE UPDATE ON run_events
    FOR EACH ROW WHEN (old.created_at IS DISTINCT FROM new.created_at) EXECUTE FUNCTION keep_created_at();

CREATE TRIGGER users_move_updated_at BEFORE UPDATE ON users
    FOR EACH ROW WHEN (old.updated_at = new.updated_at) EXECUTE FUNCTION move_updated_at();

CREATE TRIGGER tasks_move_updated_at BEFORE UPDATE ON tasks
    FOR EACH ROW WHEN (old.updated_at = new.updated_at) EXECUTE FUNCTION move_updated_at();

CREATE TRIGGER conversations_move_updated_at BEFORE UPDATE ON conversations
    FOR EACH ROW WHEN (old.updated_at = new.updated_at) EXECUTE FUNCTION move_updated_at();

\endif
\ir psql/end.sql

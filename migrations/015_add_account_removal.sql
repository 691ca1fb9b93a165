-- 015_add_account_removal: accounts that are leaving, and sign-ins that fork.
--
-- An account with very many rows cannot go in one transaction without holding everybody up. So it is marked first
-- (deleted_at: from then on nobody comes in by it, and its email is free) and taken away in slices. Among them are
-- messages, which nobody may delete: so the trigger lets them go once their user has the mark, as it always has once
-- their user is gone. On auth_sessions, family_id ties a sign-in to the one it was forked from, when a refresh token
-- came twice because an answer was lost. generation counts the tokens of a session, and reused_at says that one has
-- come twice already: so a thief is told from a lost answer. The indexes find sessions that ended long ago.

\set ON_ERROR_STOP on
\set revision 015_add_account_removal
\set predecessor 014_keep_what_was_shown
\ir psql/begin.sql
\if :apply

ALTER TABLE users ADD COLUMN deleted_at TIMESTAMP WITH TIME ZONE;

CREATE INDEX idx_users_deleted_at ON users (deleted_at);

ALTER TABLE auth_sessions ADD COLUMN family_id UUID;

CREATE INDEX idx_auth_sessions_expires_at ON auth_sessions (expires_at);
CREATE INDEX idx_auth_sessions_revoked_at ON auth_sessions (revoked_at);

ALTER TABLE refresh_tokens
    ADD COLUMN generation INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN reused_at TIMESTAMP WITH TIME ZONE;

-- Triggers: create_all and Alembic take what stands from here to the end, statement by statement, from this file.

DROP TRIGGER messages_refuse_delete ON messages;

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

\endif
\ir psql/end.sql

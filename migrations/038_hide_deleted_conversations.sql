-- 038_hide_deleted_conversations: since when a conversation is deleted that may come back.
--
-- A group is of several people, and a very long conversation takes too long to copy: both stay as they are for 30 days, hidden,
-- so that an undo shows them again. After that they are taken away in slices, and so their messages may go before them.

\set ON_ERROR_STOP on
\set revision 038_hide_deleted_conversations
\set predecessor 037_add_choices
\ir psql/begin.sql
\if :apply

ALTER TABLE conversations ADD COLUMN deleted_at TIMESTAMP WITH TIME ZONE;

CREATE INDEX idx_conversations_deleted_at ON conversations (deleted_at) WHERE deleted_at IS NOT NULL;

-- Triggers: create_all and Alembic take what stands from here to the end, statement by statement, from this file.

DROP TRIGGER messages_refuse_delete ON messages;

DROP FUNCTION refuse_message_delete();

CREATE FUNCTION refuse_message_delete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stays boolean := true;
BEGIN
    -- By the table's own schema, because a cascade runs with whatever search_path the session has.
    EXECUTE format(
        'SELECT EXISTS ('
        'SELECT FROM %1$I.conversations JOIN %1$I.accounts ON accounts.id = account_id'
        ' LEFT JOIN %1$I.agents ON agents.id = agent_id'
        ' WHERE conversations.id = $1 AND conversations.deleted_at IS NULL'
        ' AND accounts.deleted_at IS NULL AND agents.deleted_at IS NULL)'
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

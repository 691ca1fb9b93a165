-- 027_add_message_changes: what became of a message, edited or retracted, and which message it replies to.
--
-- A message is never changed. Each change of it is a row with the next version: the content that it has from then on, or
-- none since it was retracted. These rows are only added, as messages are: the database refuses an UPDATE or TRUNCATE, and a
-- DELETE while both the message and the user of the row exist. reply_to_seq is the number of a message of the same
-- conversation, not a key.
--
-- The index of messages is that of one sender, newest first.

\set ON_ERROR_STOP on
\set revision 027_add_message_changes
\set predecessor 026_add_participants
\ir psql/begin.sql
\if :apply

ALTER TABLE messages ADD COLUMN reply_to_seq INTEGER;

CREATE INDEX idx_messages_user_id_created_at ON messages (user_id, created_at DESC);

CREATE TABLE message_changes (
    message_id UUID NOT NULL,
    version INTEGER NOT NULL,
    user_id UUID NOT NULL,
    kind VARCHAR(10) NOT NULL,
    content TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT message_changes_pkey PRIMARY KEY (message_id, version),
    CONSTRAINT message_changes_kind_check CHECK (kind IN ('edit', 'retract')),
    CONSTRAINT fk_message_changes_message_id FOREIGN KEY (message_id) REFERENCES messages (id) ON DELETE CASCADE,
    CONSTRAINT fk_message_changes_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX idx_message_changes_user_id ON message_changes (user_id);

-- Triggers: create_all and Alembic take what stands from here to the end, statement by statement, from this file.

CREATE FUNCTION keep_message_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stays boolean := true;
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- By the table's own schema, because a cascade runs with whatever search_path the session has.
        EXECUTE format(
            'SELECT EXISTS (SELECT FROM %1$I.messages WHERE id = $1)'
            ' AND EXISTS (SELECT FROM %1$I.users WHERE id = $2)', TG_TABLE_SCHEMA
        ) INTO stays USING OLD.message_id, OLD.user_id;
        IF NOT stays THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'message_changes are only added: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER message_changes_refuse_update BEFORE UPDATE ON message_changes
    FOR EACH ROW EXECUTE FUNCTION keep_message_changes();

CREATE TRIGGER message_changes_refuse_delete BEFORE DELETE ON message_changes
    FOR EACH ROW EXECUTE FUNCTION keep_message_changes();

CREATE TRIGGER message_changes_refuse_truncate BEFORE TRUNCATE ON message_changes
    FOR EACH STATEMENT EXECUTE FUNCTION keep_message_changes();

\endif
\ir psql/end.sql

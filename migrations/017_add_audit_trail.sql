-- 017_add_audit_trail: each tool call of a person, newest first, and what their runs used, by day and model.
--
-- The calls stand in messages, and only there. But most messages have none, and a list of them by name would have to
-- read all that was ever said. So tool_calls has a narrow row for each: where it stands, whose it is, and what the
-- list is filtered by. The database writes these rows itself, in the statement that stores the message, whoever
-- stores it; so no call is left out, and the run path has no statement more. Each index begins with what a page may
-- ask to be equal and ends with the order of the list: a page reads its own rows and no others. user_id and
-- conversation_id are the message's, which never changes, so only message_id is a foreign key.
--
-- On runs, model is the language model that was asked, which the tokens beside it are counted by; runs from before do
-- not tell. The index finds the runs of a person within some days.
--
-- The rows of messages that are there already are written here; messages is locked for writers meanwhile.

\set ON_ERROR_STOP on
\set revision 017_add_audit_trail
\set predecessor 016_add_finish_reason
\ir psql/begin.sql
\if :apply

ALTER TABLE runs ADD COLUMN model VARCHAR(200);
CREATE INDEX idx_runs_user_id_created_at ON runs (user_id, created_at);

CREATE TABLE tool_calls (
    message_id UUID NOT NULL,
    position INTEGER NOT NULL,
    user_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    name VARCHAR(100) NOT NULL,
    failed BOOLEAN NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT tool_calls_pkey PRIMARY KEY (message_id, position),
    CONSTRAINT fk_tool_calls_message_id FOREIGN KEY (message_id) REFERENCES messages (id) ON DELETE CASCADE
);

LOCK TABLE messages IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO tool_calls (message_id, position, user_id, conversation_id, name, failed, created_at)
SELECT messages.id, item.number - 1, messages.user_id, messages.conversation_id, left(item.call ->> 'name', 100),
    item.call ->> 'error' IS NOT NULL, messages.created_at
FROM messages, jsonb_array_elements(
    CASE jsonb_typeof(messages.tool_calls) WHEN 'array' THEN messages.tool_calls END
) WITH ORDINALITY AS item (call, number)
WHERE jsonb_typeof(item.call -> 'name') = 'string';

CREATE INDEX idx_tool_calls_user_id_failed_created_at
    ON tool_calls (user_id, failed, created_at, message_id, position);
CREATE INDEX idx_tool_calls_user_id_name_failed_created_at
    ON tool_calls (user_id, name, failed, created_at, message_id, position);
CREATE INDEX idx_tool_calls_user_id_conversation_id_failed_created_at
    ON tool_calls (user_id, conversation_id, failed, created_at, message_id, position);
CREATE INDEX idx_tool_calls_user_id_conversation_id_name_failed_created_at
    ON tool_calls (user_id, conversation_id, name, failed, created_at, message_id, position);

-- Triggers: create_all and Alembic take what stands from here to the end, statement by statement, from this file.

CREATE FUNCTION add_tool_calls() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A prepared statement, since this is part of every answer: it finds tool_calls by the search_path, as the
    -- INSERT that it belongs to has found messages.
    INSERT INTO tool_calls (message_id, position, user_id, conversation_id, name, failed, created_at)
    SELECT NEW.id, item.number - 1, NEW.user_id, NEW.conversation_id, left(item.call ->> 'name', 100),
        item.call ->> 'error' IS NOT NULL, NEW.created_at
    FROM jsonb_array_elements(
        CASE jsonb_typeof(NEW.tool_calls) WHEN 'array' THEN NEW.tool_calls END
    ) WITH ORDINALITY AS item (call, number)
    WHERE jsonb_typeof(item.call -> 'name') = 'string';
    RETURN NULL;
END
$$;

CREATE TRIGGER messages_add_tool_calls AFTER INSERT ON messages
    FOR EACH ROW WHEN (new.tool_calls IS NOT NULL) EXECUTE FUNCTION add_tool_calls();

\endif
\ir psql/end.sql

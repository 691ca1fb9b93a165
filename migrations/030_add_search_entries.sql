-- 030_add_search_entries: what messages are searched by.
--
-- A row for each message that says something, with its text as it is after its edits. It stands beside the messages, because
-- these are never changed, and because whose a message is takes a look at its conversation: audience_id is the person of a
-- conversation with an agent, or the conversation of people. One index begins with it; in the other one, of words, each
-- word begins with a mark of it: so what others have said costs a search nothing. The database writes the rows itself, in the
-- statement that stores the message or its change. A row has at most 50,000 characters, because a list of words has a
-- largest size, and a message must be stored whatever it says.
--
-- The rows of messages that are there already are written here; messages and message_changes are locked for writers meanwhile.

\set ON_ERROR_STOP on
\set revision 030_add_search_entries
\set predecessor 029_keep_departed_users
\ir psql/begin.sql
\if :apply

CREATE TABLE search_entries (
    message_id UUID NOT NULL,
    audience_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    seq INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    content TEXT NOT NULL,
    CONSTRAINT search_entries_pkey PRIMARY KEY (message_id),
    CONSTRAINT fk_search_entries_message_id FOREIGN KEY (message_id) REFERENCES messages (id) ON DELETE CASCADE
);

LOCK TABLE messages, message_changes IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO search_entries (message_id, audience_id, conversation_id, seq, created_at, content)
SELECT messages.id, CASE conversations.kind WHEN 'assistant' THEN conversations.user_id ELSE conversations.id END,
    messages.conversation_id, messages.seq, messages.created_at,
    substr(CASE WHEN last.message_id IS NULL THEN messages.content ELSE last.content END, 1, 50000)
FROM messages
JOIN conversations ON conversations.id = messages.conversation_id
LEFT JOIN message_changes AS last ON last.message_id = messages.id AND NOT EXISTS (
    SELECT 1 FROM message_changes AS later WHERE later.message_id = last.message_id AND later.version > last.version
)
WHERE CASE WHEN last.message_id IS NULL THEN messages.content ELSE last.content END <> '';

CREATE INDEX idx_search_entries_audience_id_created_at
    ON search_entries (audience_id, created_at, message_id, seq);
CREATE INDEX idx_search_entries_words ON search_entries USING gin (
    to_tsvector('simple', replace(
        ' ' || translate(content, '!"#$%&''()*+,-./:;<=>?@[\]^_`{}~' || chr(9) || chr(10) || chr(13), repeat(' ', 34)),
        ' ', ' ' || ('x' || left(audience_id::text, 8))
    ))
) WITH (fastupdate = off);

-- Triggers: create_all and Alembic take what stands from here to the end, statement by statement, from this file.

CREATE FUNCTION add_search_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Found by the search_path, as add_tool_calls() finds tool_calls.
    INSERT INTO search_entries (message_id, audience_id, conversation_id, seq, created_at, content)
    SELECT NEW.id, CASE kind WHEN 'assistant' THEN user_id ELSE id END, id, NEW.seq, NEW.created_at,
        substr(NEW.content, 1, 50000)
    FROM conversations WHERE id = NEW.conversation_id;
    RETURN NULL;
END
$$;

CREATE TRIGGER messages_add_search_entry AFTER INSERT ON messages
    FOR EACH ROW WHEN (new.content <> ''::text) EXECUTE FUNCTION add_search_entry();

CREATE FUNCTION change_search_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind = 'edit' THEN
        UPDATE search_entries SET content = substr(NEW.content, 1, 50000) WHERE message_id = NEW.message_id;
    ELSE
        DELETE FROM search_entries WHERE message_id = NEW.message_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER message_changes_change_search_entry AFTER INSERT ON message_changes
    FOR EACH ROW EXECUTE FUNCTION change_search_entry();

\endif
\ir psql/end.sql

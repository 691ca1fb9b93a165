-- 030_add_search_entries on SQLite; why stands in the file of the same name one folder up.

-- Triggers

CREATE TRIGGER messages_add_search_entry AFTER INSERT ON messages
WHEN NEW.content <> ''
BEGIN
    INSERT INTO search_entries (message_id, audience_id, conversation_id, seq, created_at, content)
    SELECT NEW.id, CASE kind WHEN 'assistant' THEN user_id ELSE id END, id, NEW.seq, NEW.created_at,
        substr(NEW.content, 1, 50000)
    FROM conversations WHERE id = NEW.conversation_id;
END;

CREATE TRIGGER message_changes_change_search_entry AFTER INSERT ON message_changes
BEGIN
    UPDATE search_entries SET content = substr(NEW.content, 1, 50000)
    WHERE NEW.kind = 'edit' AND message_id = NEW.message_id;
    DELETE FROM search_entries WHERE NEW.kind = 'retract' AND message_id = NEW.message_id;
END;

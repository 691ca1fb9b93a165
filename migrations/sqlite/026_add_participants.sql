-- 026_add_participants on SQLite; why stands in the file of the same name one folder up.

-- Triggers

CREATE TRIGGER conversations_delete_events AFTER DELETE ON conversations
WHEN OLD.kind <> 'assistant'
BEGIN
    DELETE FROM events WHERE audience = 'conversation' AND audience_id = OLD.id;
END;

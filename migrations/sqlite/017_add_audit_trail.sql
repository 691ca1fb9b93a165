-- 017_add_audit_trail on SQLite; why stands in the file of the same name one folder up.

-- Triggers

CREATE TRIGGER messages_add_tool_calls AFTER INSERT ON messages
WHEN json_type(NEW.tool_calls) = 'array'
BEGIN
    INSERT INTO tool_calls (message_id, position, user_id, conversation_id, name, failed, created_at)
    SELECT NEW.id, item.key, NEW.user_id, NEW.conversation_id,
        substr(json_extract(NEW.tool_calls, item.fullkey || '.name'), 1, 100),
        json_extract(NEW.tool_calls, item.fullkey || '.error') IS NOT NULL, NEW.created_at
    FROM json_each(NEW.tool_calls) AS item
    WHERE json_type(NEW.tool_calls, item.fullkey || '.name') = 'text';
END;

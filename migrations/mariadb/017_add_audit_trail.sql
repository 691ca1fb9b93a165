-- 017_add_audit_trail on MariaDB; why stands in the file of the same name one folder up.

-- Triggers

CREATE TRIGGER messages_add_tool_calls AFTER INSERT ON messages FOR EACH ROW
IF JSON_TYPE(NEW.tool_calls) = 'ARRAY' THEN
    INSERT INTO tool_calls (message_id, position, user_id, conversation_id, name, failed, created_at)
    SELECT NEW.id, item.number - 1, NEW.user_id, NEW.conversation_id, LEFT(item.name, 100),
        item.error IS NOT NULL, NEW.created_at
    FROM JSON_TABLE(NEW.tool_calls, '$[*]' COLUMNS (
        number FOR ORDINALITY, name LONGTEXT PATH '$.name', error LONGTEXT PATH '$.error'
    )) AS item
    WHERE item.name IS NOT NULL;
END IF;

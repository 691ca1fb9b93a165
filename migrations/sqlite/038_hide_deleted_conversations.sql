-- 038_hide_deleted_conversations on SQLite; why stands in the file of the same name one folder up.

-- Triggers

DROP TRIGGER messages_refuse_delete;

CREATE TRIGGER messages_refuse_delete BEFORE DELETE ON messages
WHEN EXISTS (
        SELECT 1 FROM conversations JOIN accounts ON accounts.id = conversations.account_id
        LEFT JOIN agents ON agents.id = conversations.agent_id
        WHERE conversations.id = OLD.conversation_id AND conversations.deleted_at IS NULL
            AND accounts.deleted_at IS NULL AND agents.deleted_at IS NULL
    )
    AND EXISTS (SELECT 1 FROM users WHERE id = OLD.user_id AND deleted_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'messages are only added: DELETE is refused');
END;

-- 015_add_account_removal on SQLite; why stands in the file of the same name one folder up.

-- Triggers

DROP TRIGGER messages_refuse_delete;

CREATE TRIGGER messages_refuse_delete BEFORE DELETE ON messages
WHEN EXISTS (SELECT 1 FROM conversations WHERE id = OLD.conversation_id)
    AND EXISTS (SELECT 1 FROM users WHERE id = OLD.user_id AND deleted_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'messages are only added: DELETE is refused');
END;

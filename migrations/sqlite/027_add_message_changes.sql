-- 027_add_message_changes on SQLite; why stands in the file of the same name one folder up.
--
-- A REPLACE deletes the row in its way without a trigger hearing of it, so an INSERT over a key that is taken is refused.

-- Triggers

CREATE TRIGGER message_changes_refuse_update BEFORE UPDATE ON message_changes
BEGIN
    SELECT RAISE(ABORT, 'message_changes are only added: UPDATE is refused');
END;

CREATE TRIGGER message_changes_refuse_delete BEFORE DELETE ON message_changes
WHEN EXISTS (SELECT 1 FROM messages WHERE id = OLD.message_id)
    AND EXISTS (SELECT 1 FROM users WHERE id = OLD.user_id)
BEGIN
    SELECT RAISE(ABORT, 'message_changes are only added: DELETE is refused');
END;

CREATE TRIGGER message_changes_refuse_replace BEFORE INSERT ON message_changes
WHEN EXISTS (SELECT 1 FROM message_changes WHERE message_id = NEW.message_id AND version = NEW.version)
BEGIN
    SELECT RAISE(ABORT, 'message_changes are only added: this one is there already');
END;

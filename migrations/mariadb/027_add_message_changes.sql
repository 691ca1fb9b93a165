-- 027_add_message_changes on MariaDB; why stands in the file of the same name one folder up.
--
-- Here a foreign key's cascade runs no triggers, so it passes, as it should: a message goes only with its conversation or
-- its user. REPLACE runs the trigger for DELETE. TRUNCATE runs none and cannot be refused; it takes the privilege DROP,
-- which the backend's account does not need.

-- Triggers

CREATE TRIGGER message_changes_refuse_update BEFORE UPDATE ON message_changes FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'message_changes are only added: UPDATE is refused';

CREATE TRIGGER message_changes_refuse_delete BEFORE DELETE ON message_changes FOR EACH ROW
IF EXISTS (SELECT 1 FROM messages WHERE id = OLD.message_id)
    AND EXISTS (SELECT 1 FROM users WHERE id = OLD.user_id)
THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'message_changes are only added: DELETE is refused';
END IF;

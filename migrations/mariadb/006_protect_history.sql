-- 006_protect_history on MariaDB; why stands in the file of the same name one folder up.
--
-- Here a foreign key's cascade runs no triggers. So it passes, as it should, but deleting a run would take its
-- messages along unseen: a trigger on runs refuses that. REPLACE runs the trigger for DELETE. TRUNCATE runs none and
-- cannot be refused; it takes the privilege DROP, which the backend's account does not need.

-- Triggers

CREATE TRIGGER messages_refuse_update BEFORE UPDATE ON messages FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'messages are only added: UPDATE is refused';

CREATE TRIGGER messages_refuse_delete BEFORE DELETE ON messages FOR EACH ROW
IF EXISTS (SELECT 1 FROM conversations WHERE id = OLD.conversation_id)
    AND EXISTS (SELECT 1 FROM users WHERE id = OLD.user_id)
THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'messages are only added: DELETE is refused';
END IF;

CREATE TRIGGER runs_refuse_delete BEFORE DELETE ON runs FOR EACH ROW
IF EXISTS (SELECT 1 FROM messages WHERE run_id = OLD.id
    AND EXISTS (SELECT 1 FROM conversations WHERE id = messages.conversation_id)
    AND EXISTS (SELECT 1 FROM users WHERE id = messages.user_id))
THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'messages are only added: DELETE is refused';
END IF;

CREATE TRIGGER users_keep_created_at BEFORE UPDATE ON users FOR EACH ROW
IF NOT OLD.created_at <=> NEW.created_at THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'created_at of users never changes';
END IF;

CREATE TRIGGER tasks_keep_created_at BEFORE UPDATE ON tasks FOR EACH ROW
IF NOT OLD.created_at <=> NEW.created_at THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'created_at of tasks never changes';
END IF;

CREATE TRIGGER conversations_keep_created_at BEFORE UPDATE ON conversations FOR EACH ROW
IF NOT OLD.created_at <=> NEW.created_at THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'created_at of conversations never changes';
END IF;

CREATE TRIGGER auth_sessions_keep_created_at BEFORE UPDATE ON auth_sessions FOR EACH ROW
IF NOT OLD.created_at <=> NEW.created_at THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'created_at of auth_sessions never changes';
END IF;

CREATE TRIGGER refresh_tokens_keep_created_at BEFORE UPDATE ON refresh_tokens FOR EACH ROW
IF NOT OLD.created_at <=> NEW.created_at THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'created_at of refresh_tokens never changes';
END IF;

CREATE TRIGGER runs_keep_created_at BEFORE UPDATE ON runs FOR EACH ROW
IF NOT OLD.created_at <=> NEW.created_at THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'created_at of runs never changes';
END IF;

CREATE TRIGGER run_events_keep_created_at BEFORE UPDATE ON run_events FOR EACH ROW
IF NOT OLD.created_at <=> NEW.created_at THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'created_at of run_events never changes';
END IF;

CREATE TRIGGER users_move_updated_at BEFORE UPDATE ON users FOR EACH ROW
SET NEW.updated_at = IF(OLD.updated_at <=> NEW.updated_at, UTC_TIMESTAMP(6), NEW.updated_at);

CREATE TRIGGER tasks_move_updated_at BEFORE UPDATE ON tasks FOR EACH ROW
SET NEW.updated_at = IF(OLD.updated_at <=> NEW.updated_at, UTC_TIMESTAMP(6), NEW.updated_at);

CREATE TRIGGER conversations_move_updated_at BEFORE UPDATE ON conversations FOR EACH ROW
SET NEW.updated_at = IF(OLD.updated_at <=> NEW.updated_at, UTC_TIMESTAMP(6), NEW.updated_at);

-- 006_protect_history on SQLite; why stands in the file of the same name one folder up.
--
-- A REPLACE deletes the row in its way without a trigger hearing of it, so an INSERT over any key that is taken is
-- refused. SQLite has no TRUNCATE. Its clock gives milliseconds; the zeros make the text as long as the backend's.

-- Triggers

CREATE TRIGGER messages_refuse_update BEFORE UPDATE ON messages
BEGIN
    SELECT RAISE(ABORT, 'messages are only added: UPDATE is refused');
END;

CREATE TRIGGER messages_refuse_delete BEFORE DELETE ON messages
WHEN EXISTS (SELECT 1 FROM conversations WHERE id = OLD.conversation_id)
    AND EXISTS (SELECT 1 FROM users WHERE id = OLD.user_id)
BEGIN
    SELECT RAISE(ABORT, 'messages are only added: DELETE is refused');
END;

CREATE TRIGGER messages_refuse_replace BEFORE INSERT ON messages
WHEN EXISTS (SELECT 1 FROM messages WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM messages WHERE conversation_id = NEW.conversation_id AND seq = NEW.seq)
    OR EXISTS (SELECT 1 FROM messages WHERE user_id = NEW.user_id AND client_id = NEW.client_id)
    OR EXISTS (SELECT 1 FROM messages WHERE run_id = NEW.run_id AND role = NEW.role)
BEGIN
    SELECT RAISE(ABORT, 'messages are only added: this one is there already');
END;

CREATE TRIGGER users_keep_created_at BEFORE UPDATE ON users
WHEN OLD.created_at IS NOT NEW.created_at
BEGIN
    SELECT RAISE(ABORT, 'created_at of users never changes');
END;

CREATE TRIGGER tasks_keep_created_at BEFORE UPDATE ON tasks
WHEN OLD.created_at IS NOT NEW.created_at
BEGIN
    SELECT RAISE(ABORT, 'created_at of tasks never changes');
END;

CREATE TRIGGER conversations_keep_created_at BEFORE UPDATE ON conversations
WHEN OLD.created_at IS NOT NEW.created_at
BEGIN
    SELECT RAISE(ABORT, 'created_at of conversations never changes');
END;

CREATE TRIGGER auth_sessions_keep_created_at BEFORE UPDATE ON auth_sessions
WHEN OLD.created_at IS NOT NEW.created_at
BEGIN
    SELECT RAISE(ABORT, 'created_at of auth_sessions never changes');
END;

CREATE TRIGGER refresh_tokens_keep_created_at BEFORE UPDATE ON refresh_tokens
WHEN OLD.created_at IS NOT NEW.created_at
BEGIN
    SELECT RAISE(ABORT, 'created_at of refresh_tokens never changes');
END;

CREATE TRIGGER runs_keep_created_at BEFORE UPDATE ON runs
WHEN OLD.created_at IS NOT NEW.created_at
BEGIN
    SELECT RAISE(ABORT, 'created_at of runs never changes');
END;

CREATE TRIGGER run_events_keep_created_at BEFORE UPDATE ON run_events
WHEN OLD.created_at IS NOT NEW.created_at
BEGIN
    SELECT RAISE(ABORT, 'created_at of run_events never changes');
END;

CREATE TRIGGER users_move_updated_at AFTER UPDATE ON users
WHEN OLD.updated_at IS NEW.updated_at
BEGIN
    UPDATE users SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
END;

CREATE TRIGGER tasks_move_updated_at AFTER UPDATE ON tasks
WHEN OLD.updated_at IS NEW.updated_at
BEGIN
    UPDATE tasks SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
END;

CREATE TRIGGER conversations_move_updated_at AFTER UPDATE ON conversations
WHEN OLD.updated_at IS NEW.updated_at
BEGIN
    UPDATE conversations SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
END;

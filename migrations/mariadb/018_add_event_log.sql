-- 018_add_event_log on MariaDB; why stands in the file of the same name one folder up.

-- Triggers

CREATE TRIGGER users_delete_events AFTER DELETE ON users FOR EACH ROW
DELETE FROM events WHERE audience = 'user' AND audience_id = OLD.id;

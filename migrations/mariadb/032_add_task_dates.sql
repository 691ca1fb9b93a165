-- 032_add_task_dates on MariaDB; why stands in the file of the same name one folder up.

-- Triggers

DROP TRIGGER tasks_move_updated_at;

CREATE TRIGGER tasks_move_updated_at BEFORE UPDATE ON tasks FOR EACH ROW
SET NEW.updated_at = IF(
    OLD.updated_at <=> NEW.updated_at AND OLD.remind_at <=> NEW.remind_at, UTC_TIMESTAMP(6), NEW.updated_at
);

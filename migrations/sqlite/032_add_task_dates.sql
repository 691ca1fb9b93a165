-- 032_add_task_dates on SQLite; why stands in the file of the same name one folder up.

-- Triggers

DROP TRIGGER tasks_move_updated_at;

CREATE TRIGGER tasks_move_updated_at AFTER UPDATE ON tasks
WHEN OLD.updated_at IS NEW.updated_at AND OLD.remind_at IS NEW.remind_at
BEGIN
    UPDATE tasks SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
END;

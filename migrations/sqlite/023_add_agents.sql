-- 023_add_agents on SQLite; why stands in the file of the same name one folder up.

-- Triggers

DROP TRIGGER users_add_account;

CREATE TRIGGER users_add_account AFTER INSERT ON users
WHEN NEW.kind = 'person'
BEGIN
    INSERT INTO accounts (id, name, kind, created_at, updated_at)
    VALUES (NEW.id, coalesce(nullif(NEW.display_name, ''), 'Personal'), 'personal', NEW.created_at, NEW.created_at);
    INSERT INTO account_members (account_id, user_id, role, joined_at) VALUES (NEW.id, NEW.id, 'owner', NEW.created_at);
END;

CREATE TRIGGER agents_keep_created_at BEFORE UPDATE ON agents
WHEN OLD.created_at IS NOT NEW.created_at
BEGIN
    SELECT RAISE(ABORT, 'created_at of agents never changes');
END;

CREATE TRIGGER agents_move_updated_at AFTER UPDATE ON agents
WHEN OLD.updated_at IS NEW.updated_at
BEGIN
    UPDATE agents SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
END;

-- 023_add_agents on MariaDB; why stands in the file of the same name one folder up.

-- Triggers

DROP TRIGGER users_add_account;

CREATE TRIGGER users_add_account AFTER INSERT ON users FOR EACH ROW
IF NEW.kind = 'person' THEN
    INSERT INTO accounts (id, name, kind, created_at, updated_at)
    VALUES (NEW.id, COALESCE(NULLIF(NEW.display_name, ''), 'Personal'), 'personal', NEW.created_at, NEW.created_at);
    INSERT INTO account_members (account_id, user_id, role, joined_at) VALUES (NEW.id, NEW.id, 'owner', NEW.created_at);
END IF;

CREATE TRIGGER agents_keep_created_at BEFORE UPDATE ON agents FOR EACH ROW
IF NOT OLD.created_at <=> NEW.created_at THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'created_at of agents never changes';
END IF;

CREATE TRIGGER agents_move_updated_at BEFORE UPDATE ON agents FOR EACH ROW
SET NEW.updated_at = IF(OLD.updated_at <=> NEW.updated_at, UTC_TIMESTAMP(6), NEW.updated_at);

-- 020_add_accounts on MariaDB; why stands in the file of the same name one folder up.

-- Triggers

CREATE TRIGGER users_add_account AFTER INSERT ON users FOR EACH ROW
BEGIN
    INSERT INTO accounts (id, name, kind, created_at, updated_at)
    VALUES (NEW.id, COALESCE(NULLIF(NEW.display_name, ''), 'Personal'), 'personal', NEW.created_at, NEW.created_at);
    INSERT INTO account_members (account_id, user_id, role, joined_at) VALUES (NEW.id, NEW.id, 'owner', NEW.created_at);
END;

CREATE TRIGGER users_delete_account AFTER DELETE ON users FOR EACH ROW
DELETE FROM accounts WHERE id = OLD.id AND kind = 'personal';

CREATE TRIGGER accounts_delete_events AFTER DELETE ON accounts FOR EACH ROW
DELETE FROM events WHERE audience = 'account' AND audience_id = OLD.id;

CREATE TRIGGER accounts_keep_created_at BEFORE UPDATE ON accounts FOR EACH ROW
IF NOT OLD.created_at <=> NEW.created_at THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'created_at of accounts never changes';
END IF;

CREATE TRIGGER accounts_move_updated_at BEFORE UPDATE ON accounts FOR EACH ROW
SET NEW.updated_at = IF(OLD.updated_at <=> NEW.updated_at, UTC_TIMESTAMP(6), NEW.updated_at);

-- 020_add_accounts on SQLite; why stands in the file of the same name one folder up.

-- Triggers

CREATE TRIGGER users_add_account AFTER INSERT ON users
BEGIN
    INSERT INTO accounts (id, name, kind, created_at, updated_at)
    VALUES (NEW.id, coalesce(nullif(NEW.display_name, ''), 'Personal'), 'personal', NEW.created_at, NEW.created_at);
    INSERT INTO account_members (account_id, user_id, role, joined_at) VALUES (NEW.id, NEW.id, 'owner', NEW.created_at);
END;

CREATE TRIGGER users_delete_account AFTER DELETE ON users
BEGIN
    DELETE FROM accounts WHERE id = OLD.id AND kind = 'personal';
END;

CREATE TRIGGER accounts_delete_events AFTER DELETE ON accounts
BEGIN
    DELETE FROM events WHERE audience = 'account' AND audience_id = OLD.id;
END;

CREATE TRIGGER accounts_keep_created_at BEFORE UPDATE ON accounts
WHEN OLD.created_at IS NOT NEW.created_at
BEGIN
    SELECT RAISE(ABORT, 'created_at of accounts never changes');
END;

CREATE TRIGGER accounts_move_updated_at AFTER UPDATE ON accounts
WHEN OLD.updated_at IS NEW.updated_at
BEGIN
    UPDATE accounts SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
END;

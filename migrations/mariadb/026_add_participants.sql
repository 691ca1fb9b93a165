-- 026_add_participants on MariaDB; why stands in the file of the same name one folder up.
--
-- Here a foreign key's cascade runs no triggers. So whoever made a shared conversation, and its account, delete it by a
-- trigger of their own before the cascade would. Not covered is the cascade from an agent that is deleted by hand: a
-- shared conversation has no agent_id.

-- Triggers

CREATE TRIGGER conversations_delete_events AFTER DELETE ON conversations FOR EACH ROW
IF OLD.kind <> 'assistant' THEN
    DELETE FROM events WHERE audience = 'conversation' AND audience_id = OLD.id;
END IF;

CREATE TRIGGER users_delete_conversations BEFORE DELETE ON users FOR EACH ROW
DELETE FROM conversations WHERE user_id = OLD.id AND kind <> 'assistant';

CREATE TRIGGER accounts_delete_conversations BEFORE DELETE ON accounts FOR EACH ROW
DELETE FROM conversations WHERE account_id = OLD.id AND kind <> 'assistant';

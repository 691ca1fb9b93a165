-- 024_add_conversation_accounts: in which account a conversation is, and which agent answers in it.
--
-- What there is was said in the personal account of its user, with the built-in agent, which has no row: agent_id is null
-- there. One key holds the agent to the account of the conversation. So the account is never null, or the key would hold
-- nothing. A conversation goes with its user, with its account and with its agent, and while these are being taken away, its
-- messages may go before it.

\set ON_ERROR_STOP on
\set revision 024_add_conversation_accounts
\set predecessor 023_add_agents
\ir psql/begin.sql
\if :apply

ALTER TABLE conversations
    ADD COLUMN kind VARCHAR(10) NOT NULL DEFAULT 'assistant',
    ADD COLUMN account_id UUID,
    ADD COLUMN agent_id UUID,
    ADD CONSTRAINT conversations_kind_check CHECK (kind IN ('assistant', 'direct', 'group'));

-- Without its trigger: it would make all of them look as if something had just been said.
ALTER TABLE conversations DISABLE TRIGGER conversations_move_updated_at;
UPDATE conversations SET account_id = user_id;
-- An agent has no personal account: the record of its own calls is in the account of the agent or, where this schema was
-- downgraded past its row of agents, in the one of which it is a member.
UPDATE conversations
SET account_id = (SELECT agents.account_id FROM agents WHERE agents.id = conversations.user_id), agent_id = user_id
WHERE EXISTS (SELECT 1 FROM agents WHERE agents.id = conversations.user_id);
UPDATE conversations
SET account_id = (SELECT own.account_id FROM account_members AS own WHERE own.user_id = conversations.user_id LIMIT 1)
WHERE NOT EXISTS (SELECT 1 FROM accounts WHERE accounts.id = conversations.account_id);
ALTER TABLE conversations ENABLE TRIGGER conversations_move_updated_at;

ALTER TABLE conversations
    ALTER COLUMN account_id SET NOT NULL,
    ADD CONSTRAINT fk_conversations_account_id FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    ADD CONSTRAINT fk_conversations_agent_id FOREIGN KEY (account_id, agent_id)
        REFERENCES agents (account_id, id) ON DELETE CASCADE;

CREATE INDEX idx_conversations_account_id_agent_id ON conversations (account_id, agent_id);
-- Most conversations are at home, with the built-in agent, and have no place in these two.
CREATE INDEX idx_conversations_agent_id_updated_at ON conversations (agent_id, updated_at DESC)
    WHERE agent_id IS NOT NULL;
CREATE INDEX idx_conversations_user_id_account_id_updated_at ON conversations (user_id, account_id, updated_at DESC)
    WHERE account_id <> user_id;

-- Triggers: create_all and Alembic take what stands from here to the end, statement by statement, from this file.

DROP TRIGGER messages_refuse_delete ON messages;

DROP FUNCTION refuse_message_delete();

CREATE FUNCTION refuse_message_delete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stays boolean := true;
BEGIN
    -- By the table's own schema, because a cascade runs with whatever search_path the session has.
    EXECUTE format(
        'SELECT EXISTS ('
        'SELECT FROM %1$I.conversations JOIN %1$I.accounts ON accounts.id = account_id'
        ' LEFT JOIN %1$I.agents ON agents.id = agent_id'
        ' WHERE conversations.id = $1 AND accounts.deleted_at IS NULL AND agents.deleted_at IS NULL)'
        ' AND EXISTS (SELECT FROM %1$I.users WHERE id = $2 AND deleted_at IS NULL)', TG_TABLE_SCHEMA
    ) INTO stays USING OLD.conversation_id, OLD.user_id;
    IF NOT stays THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'messages are only added: DELETE is refused' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER messages_refuse_delete BEFORE DELETE ON messages
    FOR EACH ROW EXECUTE FUNCTION refuse_message_delete();

\endif
\ir psql/end.sql

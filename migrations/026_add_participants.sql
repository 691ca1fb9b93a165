-- 026_add_participants: who takes part in a direct or group conversation, and how far each has read.
--
-- Nothing is written for each recipient of a message: a participant has marks, which are numbers of messages, and what is
-- unread is a difference from last_seq of the conversation. last_seq counts only what is said in direct and group
-- conversations; the number of a message to an agent stays that after the newest. In an account, two people have one direct
-- conversation: direct_key is their two ids in order.
--
-- A participant is a member of the conversation's account: both keys have the account, which is never null, or they would
-- hold nothing. So whoever leaves the account takes part in nothing of it any more. joined_event_id is no key, because events
-- expire. A shared conversation that is deleted takes along what was written for its participants, which has no key either.

\set ON_ERROR_STOP on
\set revision 026_add_participants
\set predecessor 025_add_query_audit
\ir psql/begin.sql
\if :apply

ALTER TABLE conversations
    ADD COLUMN last_seq INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN direct_key VARCHAR(73),
    ADD CONSTRAINT uq_conversations_account_id_id UNIQUE (account_id, id),
    ADD CONSTRAINT uq_conversations_account_id_direct_key UNIQUE (account_id, direct_key);

-- Those with an agent, which most are, have no place in these two.
CREATE INDEX idx_conversations_account_id_kind ON conversations (account_id, kind) WHERE kind <> 'assistant';
CREATE INDEX idx_conversations_account_id_updated_at ON conversations (account_id, updated_at DESC)
    WHERE kind <> 'assistant';

CREATE TABLE conversation_participants (
    conversation_id UUID NOT NULL,
    user_id UUID NOT NULL,
    account_id UUID NOT NULL,
    role VARCHAR(10) NOT NULL DEFAULT 'member',
    from_seq INTEGER NOT NULL DEFAULT 0,
    last_read_seq INTEGER NOT NULL DEFAULT 0,
    last_delivered_seq INTEGER NOT NULL DEFAULT 0,
    last_mention_seq INTEGER NOT NULL DEFAULT 0,
    joined_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    left_at TIMESTAMP WITH TIME ZONE,
    joined_event_id BIGINT,
    CONSTRAINT conversation_participants_pkey PRIMARY KEY (conversation_id, user_id),
    CONSTRAINT conversation_participants_role_check CHECK (role IN ('owner', 'member')),
    CONSTRAINT fk_conversation_participants_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_conversation_participants_account_id FOREIGN KEY (account_id)
        REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT fk_conversation_participants_conversation_id FOREIGN KEY (account_id, conversation_id)
        REFERENCES conversations (account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_conversation_participants_member FOREIGN KEY (account_id, user_id)
        REFERENCES account_members (account_id, user_id) ON DELETE CASCADE
);

CREATE INDEX idx_conversation_participants_user_id ON conversation_participants (user_id);
CREATE INDEX idx_conversation_participants_account_id_user_id ON conversation_participants (account_id, user_id);
CREATE INDEX idx_conversation_participants_conversation_id ON conversation_participants (conversation_id, joined_at)
    WHERE left_at IS NULL;
CREATE INDEX idx_conversation_participants_unread ON conversation_participants (user_id, conversation_id, last_read_seq)
    WHERE left_at IS NULL;

-- Triggers: create_all and Alembic take what stands from here to the end, statement by statement, from this file.

CREATE FUNCTION delete_events_of_conversation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- By the table's own schema: a cascade runs with whatever search_path the session has.
    EXECUTE format('DELETE FROM %I.events WHERE audience = ''conversation'' AND audience_id = $1', TG_TABLE_SCHEMA)
        USING OLD.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER conversations_delete_events AFTER DELETE ON conversations
    FOR EACH ROW WHEN (old.kind::text <> 'assistant'::text) EXECUTE FUNCTION delete_events_of_conversation();

\endif
\ir psql/end.sql

-- 003_add_messages_table: what was said, and which tools ran.
--
-- Messages are only ever added, so there is no updated_at. tool_calls keeps every call of an agent with its
-- arguments and result, next to the text that came of it: the record by which a conversation can be replayed and
-- an agent's doings explained. It is JSONB because each tool has arguments of its own. user_id repeats the owner,
-- so that a person's messages are found, and go, without a detour over the conversations.

\set ON_ERROR_STOP on
\set revision 003_add_messages_table
\set predecessor 002_add_conversations_table
\ir psql/begin.sql
\if :apply

CREATE TABLE messages (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    conversation_id UUID NOT NULL,
    user_id UUID NOT NULL,
    role VARCHAR(10) NOT NULL,
    content TEXT NOT NULL,
    tool_calls JSONB,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT messages_pkey PRIMARY KEY (id),
    CONSTRAINT messages_role_check CHECK (role IN ('user', 'agent')),
    CONSTRAINT fk_messages_conversation_id FOREIGN KEY (conversation_id)
        REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT fk_messages_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX idx_messages_conversation_id ON messages (conversation_id);
CREATE INDEX idx_messages_user_id ON messages (user_id);
CREATE INDEX idx_messages_conversation_id_created_at ON messages (conversation_id, created_at ASC);

\endif
\ir psql/end.sql

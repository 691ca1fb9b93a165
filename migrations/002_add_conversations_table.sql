-- 002_add_conversations_table: threads of messages.
--
-- A person has many conversations and comes back to the one that moved last: updated_at moves with every message,
-- and the second index lists a person's conversations in that order.

\set ON_ERROR_STOP on
\set revision 002_add_conversations_table
\set predecessor 001_create_tasks_table
\ir psql/begin.sql
\if :apply

CREATE TABLE conversations (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL,
    title VARCHAR(255),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT conversations_pkey PRIMARY KEY (id),
    CONSTRAINT fk_conversations_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX idx_conversations_user_id ON conversations (user_id);
CREATE INDEX idx_conversations_user_id_updated_at ON conversations (user_id, updated_at DESC);

\endif
\ir psql/end.sql

-- 011_add_access_tokens: long-lived tokens for programs.
--
-- A sign-in lasts minutes without its person; a program that works for them over MCP needs a token that stays in its
-- configuration. Only the hash is kept, and the first characters, by which the person tells tokens apart. What was
-- done with a token stands in a conversation of its own.

\set ON_ERROR_STOP on
\set revision 011_add_access_tokens
\set predecessor 010_add_events
\ir psql/begin.sql
\if :apply

CREATE TABLE access_tokens (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL,
    name VARCHAR(100) NOT NULL,
    prefix VARCHAR(20) NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    scopes VARCHAR(100) NOT NULL,
    conversation_id UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_used_at TIMESTAMP WITH TIME ZONE,
    expires_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT access_tokens_pkey PRIMARY KEY (id),
    CONSTRAINT access_tokens_token_hash_key UNIQUE (token_hash),
    CONSTRAINT fk_access_tokens_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_access_tokens_conversation_id
        FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE SET NULL
);

CREATE INDEX idx_access_tokens_user_id ON access_tokens (user_id);
CREATE INDEX idx_access_tokens_conversation_id ON access_tokens (conversation_id);

\endif
\ir psql/end.sql

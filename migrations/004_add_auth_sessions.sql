-- 004_add_auth_sessions: sign-ins that can be listed and ended.
--
-- An access token alone is good until it expires, whatever happens meanwhile. A row for each sign-in lets people
-- see where they are signed in and end it there, and lets a password change end all others. Refresh tokens are
-- kept as hashes, the used ones too: a used one that comes back was stolen, and ends its whole session. Attempts
-- are counted here, in rate_limits, because every worker has to see the same count. On users, the display name is
-- for others to read, and the time zone says what "tomorrow" means to this person.

\set ON_ERROR_STOP on
\set revision 004_add_auth_sessions
\set predecessor 003_add_messages_table
\ir psql/begin.sql
\if :apply

ALTER TABLE users
    ADD COLUMN display_name VARCHAR(100),
    ADD COLUMN timezone VARCHAR(64) NOT NULL DEFAULT 'UTC';

CREATE TABLE auth_sessions (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL,
    user_agent VARCHAR(255),
    address VARCHAR(64),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_used_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT auth_sessions_pkey PRIMARY KEY (id),
    CONSTRAINT fk_auth_sessions_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX idx_auth_sessions_user_id ON auth_sessions (user_id);

CREATE TABLE refresh_tokens (
    token_hash VARCHAR(64) NOT NULL,
    session_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    rotated_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_hash),
    CONSTRAINT fk_refresh_tokens_session_id FOREIGN KEY (session_id) REFERENCES auth_sessions (id) ON DELETE CASCADE
);

CREATE INDEX idx_refresh_tokens_session_id ON refresh_tokens (session_id);

CREATE TABLE rate_limits (
    key VARCHAR(64) NOT NULL,
    hits INTEGER NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT rate_limits_pkey PRIMARY KEY (key)
);

CREATE INDEX idx_rate_limits_expires_at ON rate_limits (expires_at);

\endif
\ir psql/end.sql

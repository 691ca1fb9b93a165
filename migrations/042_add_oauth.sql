-- 042_add_oauth: apps that a person lets in, without giving them an API token by hand.
--
-- An app that is let in is a row of access_tokens, so that it is listed, counted and revoked as the others are; client_id says
-- which app, resource where its tokens count. Those are in oauth_tokens, by their hashes: access tokens that last for minutes, and
-- refresh tokens, each but the newest used up, which stay so that the reuse of a stolen one is noticed. oauth_codes has what a
-- consent gives, good once and for a minute; a used code stays for the same reason. oauth_clients has the apps that registered
-- themselves, for a day unless they are used; those that describe themselves at an address of theirs have no row.

\set ON_ERROR_STOP on
\set revision 042_add_oauth
\set predecessor 041_add_branches
\ir psql/begin.sql
\if :apply

CREATE TABLE oauth_clients (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    name VARCHAR(100) NOT NULL,
    redirect_uris VARCHAR(4000) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT oauth_clients_pkey PRIMARY KEY (id)
);

CREATE INDEX idx_oauth_clients_expires_at ON oauth_clients (expires_at);

CREATE TABLE oauth_codes (
    code_hash VARCHAR(64) NOT NULL,
    user_id UUID NOT NULL,
    client_id VARCHAR(500) NOT NULL,
    client_name VARCHAR(100) NOT NULL,
    redirect_uri VARCHAR(1000) NOT NULL,
    code_challenge VARCHAR(64) NOT NULL,
    resource VARCHAR(500) NOT NULL,
    scopes VARCHAR(100) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    grant_id UUID,
    CONSTRAINT oauth_codes_pkey PRIMARY KEY (code_hash),
    CONSTRAINT fk_oauth_codes_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX idx_oauth_codes_user_id ON oauth_codes (user_id);
CREATE INDEX idx_oauth_codes_expires_at ON oauth_codes (expires_at);

CREATE TABLE oauth_tokens (
    token_hash VARCHAR(64) NOT NULL,
    grant_id UUID NOT NULL,
    kind VARCHAR(10) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    rotated_at TIMESTAMP WITH TIME ZONE,
    reused_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT oauth_tokens_pkey PRIMARY KEY (token_hash),
    CONSTRAINT oauth_tokens_kind_check CHECK (kind IN ('access', 'refresh')),
    CONSTRAINT fk_oauth_tokens_grant_id FOREIGN KEY (grant_id) REFERENCES access_tokens (id) ON DELETE CASCADE
);

CREATE INDEX idx_oauth_tokens_grant_id ON oauth_tokens (grant_id);
CREATE INDEX idx_oauth_tokens_expires_at ON oauth_tokens (expires_at);

ALTER TABLE access_tokens
    ADD COLUMN client_id VARCHAR(500),
    ADD COLUMN resource VARCHAR(500);

\endif
\ir psql/end.sql

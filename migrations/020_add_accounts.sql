-- 020_add_accounts: what people work in together or alone, who is a member of it, and invitations to it.
--
-- Everyone has a personal account with the id of their user. A trigger makes it, so that users who are inserted by hand
-- have one too, and another deletes it with them. Those who are there get theirs here, without a change of their rows.
--
-- What is written for an account's members is for those who are members when they read it: joined_event_id is the event
-- from which on. It is no foreign key, because events expire. A deleted account takes along what was written for it,
-- which has no foreign key either.

\set ON_ERROR_STOP on
\set revision 020_add_accounts
\set predecessor 019_add_event_reads
\ir psql/begin.sql
\if :apply

CREATE TABLE accounts (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    name VARCHAR(100) NOT NULL,
    kind VARCHAR(10) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    deleted_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT accounts_pkey PRIMARY KEY (id),
    CONSTRAINT accounts_kind_check CHECK (kind IN ('personal', 'team'))
);

CREATE INDEX idx_accounts_deleted_at ON accounts (deleted_at);

-- The keys hold users from here to the commit, so nobody is inserted past the rows and the triggers below.
CREATE TABLE account_members (
    account_id UUID NOT NULL,
    user_id UUID NOT NULL,
    role VARCHAR(10) NOT NULL,
    joined_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    joined_event_id BIGINT,
    CONSTRAINT account_members_pkey PRIMARY KEY (account_id, user_id),
    CONSTRAINT account_members_role_check CHECK (role IN ('owner', 'admin', 'member', 'agent')),
    CONSTRAINT fk_account_members_account_id FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT fk_account_members_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX idx_account_members_user_id ON account_members (user_id);

CREATE TABLE account_invitations (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    account_id UUID NOT NULL,
    email VARCHAR(255) NOT NULL,
    role VARCHAR(10) NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    invited_by UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT account_invitations_pkey PRIMARY KEY (id),
    CONSTRAINT account_invitations_token_hash_key UNIQUE (token_hash),
    CONSTRAINT account_invitations_role_check CHECK (role IN ('owner', 'admin', 'member')),
    CONSTRAINT fk_account_invitations_account_id FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT fk_account_invitations_invited_by FOREIGN KEY (invited_by) REFERENCES users (id) ON DELETE SET NULL
);

CREATE INDEX idx_account_invitations_account_id_created_at ON account_invitations (account_id, created_at DESC);
CREATE INDEX idx_account_invitations_invited_by ON account_invitations (invited_by);
CREATE INDEX idx_account_invitations_expires_at ON account_invitations (expires_at);

INSERT INTO accounts (id, name, kind, created_at, updated_at)
SELECT id, coalesce(nullif(display_name, ''), 'Personal'), 'personal', created_at, created_at FROM users;

INSERT INTO account_members (account_id, user_id, role, joined_at) SELECT id, id, 'owner', created_at FROM users;

-- Triggers: create_all and Alembic take what stands from here to the end, statement by statement, from this file.

CREATE FUNCTION add_personal_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- By the table's own schema: a user may be inserted with whatever search_path the session has.
    EXECUTE format(
        'INSERT INTO %I.accounts (id, name, kind, created_at, updated_at)'
        ' VALUES ($1, coalesce(nullif($2, ''''), ''Personal''), ''personal'', $3, $3)', TG_TABLE_SCHEMA
    ) USING NEW.id, NEW.display_name, NEW.created_at;
    EXECUTE format(
        'INSERT INTO %I.account_members (account_id, user_id, role, joined_at) VALUES ($1, $1, ''owner'', $2)',
        TG_TABLE_SCHEMA
    ) USING NEW.id, NEW.created_at;
    RETURN NULL;
END
$$;

CREATE FUNCTION delete_personal_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DELETE FROM %I.accounts WHERE id = $1 AND kind = ''personal''', TG_TABLE_SCHEMA) USING OLD.id;
    RETURN NULL;
END
$$;

CREATE FUNCTION delete_events_of_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DELETE FROM %I.events WHERE audience = ''account'' AND audience_id = $1', TG_TABLE_SCHEMA)
        USING OLD.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER users_add_account AFTER INSERT ON users
    FOR EACH ROW EXECUTE FUNCTION add_personal_account();

CREATE TRIGGER users_delete_account AFTER DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION delete_personal_account();

CREATE TRIGGER accounts_delete_events AFTER DELETE ON accounts
    FOR EACH ROW EXECUTE FUNCTION delete_events_of_account();

CREATE TRIGGER accounts_keep_created_at BEFORE UPDATE ON accounts
    FOR EACH ROW WHEN (old.created_at IS DISTINCT FROM new.created_at) EXECUTE FUNCTION keep_created_at();

CREATE TRIGGER accounts_move_updated_at BEFORE UPDATE ON accounts
    FOR EACH ROW WHEN (old.updated_at = new.updated_at) EXECUTE FUNCTION move_updated_at();

\endif
\ir psql/end.sql

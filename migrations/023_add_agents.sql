-- 023_add_agents: who answers in an account. An agent is a row of users, as a person is, and a row of agents with the same id.
--
-- So what an agent says, owns, reads and comes in by needs no second set of columns. Nobody signs in as one: its user has an
-- address that nobody can register and a hash that no password verifies against. Only persons have a personal account.

\set ON_ERROR_STOP on
\set revision 023_add_agents
\set predecessor 022_add_run_cost
\ir psql/begin.sql
\if :apply

ALTER TABLE users
    ADD COLUMN kind VARCHAR(10) NOT NULL DEFAULT 'person',
    ADD CONSTRAINT users_kind_check CHECK (kind IN ('person', 'agent'));

CREATE TABLE agents (
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    name VARCHAR(100) NOT NULL,
    kind VARCHAR(10) NOT NULL,
    description TEXT,
    instructions TEXT,
    model VARCHAR(200),
    tools JSONB,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    deleted_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT agents_pkey PRIMARY KEY (id),
    CONSTRAINT uq_agents_account_id_id UNIQUE (account_id, id),
    CONSTRAINT agents_kind_check CHECK (kind IN ('hosted', 'external')),
    CONSTRAINT fk_agents_id FOREIGN KEY (id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_agents_account_id FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);

CREATE INDEX idx_agents_account_id_created_at ON agents (account_id, created_at);

-- Triggers: create_all and Alembic take what stands from here to the end, statement by statement, from this file.

DROP TRIGGER users_add_account ON users;

CREATE TRIGGER users_add_account AFTER INSERT ON users
    FOR EACH ROW WHEN (new.kind::text = 'person'::text) EXECUTE FUNCTION add_personal_account();

CREATE TRIGGER agents_keep_created_at BEFORE UPDATE ON agents
    FOR EACH ROW WHEN (old.created_at IS DISTINCT FROM new.created_at) EXECUTE FUNCTION keep_created_at();

CREATE TRIGGER agents_move_updated_at BEFORE UPDATE ON agents
    FOR EACH ROW WHEN (old.updated_at = new.updated_at) EXECUTE FUNCTION move_updated_at();

\endif
\ir psql/end.sql

-- 000_create_users_table: who signs in.
--
-- Everything else belongs to someone, so this table comes first. Ids are random, so that nobody can guess or
-- count them. Passwords are kept as hashes only. The email is unique, and stored in lower case by the backend:
-- one account per address. Document 003 asks for idx_users_email beside the constraint's own index.

\set ON_ERROR_STOP on
\set revision 000_create_users_table
\set predecessor ''
\ir psql/begin.sql
\if :apply

CREATE TABLE users (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    email VARCHAR(255) NOT NULL,
    password_hash VARCHAR(255) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_email_key UNIQUE (email)
);

CREATE INDEX idx_users_email ON users (email);

\endif
\ir psql/end.sql

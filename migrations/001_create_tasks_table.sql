-- 001_create_tasks_table: what people want to get done.
--
-- A task is one person's own and goes when the person goes. The list that everyone opens first shows one person's
-- tasks, newest first: the second index serves it in its order, without sorting.

\set ON_ERROR_STOP on
\set revision 001_create_tasks_table
\set predecessor 000_create_users_table
\ir psql/begin.sql
\if :apply

CREATE TABLE tasks (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL,
    title VARCHAR(255) NOT NULL,
    description TEXT,
    completed BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT tasks_pkey PRIMARY KEY (id),
    CONSTRAINT fk_tasks_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX idx_tasks_user_id ON tasks (user_id);
CREATE INDEX idx_tasks_user_id_created_at ON tasks (user_id, created_at DESC);

\endif
\ir psql/end.sql

-- 012_add_completed_at: when a task was done.
--
-- updated_at moves with every later change, so it cannot tell. Of tasks that are done already nobody knows when: they
-- keep NULL.

\set ON_ERROR_STOP on
\set revision 012_add_completed_at
\set predecessor 011_add_access_tokens
\ir psql/begin.sql
\if :apply

ALTER TABLE tasks ADD COLUMN completed_at TIMESTAMP WITH TIME ZONE;

CREATE INDEX idx_tasks_user_id_completed_at ON tasks (user_id, completed_at);

\endif
\ir psql/end.sql

-- 035_add_deleted_steps_index: what was deleted, and can be brought back, is found without a look at all other changes.
--
-- Few of a person's changes delete something, and those are what they want to see as a list. The index holds these alone; MariaDB
-- has no such indexes, so there it holds every step. Nothing else is changed.

\set ON_ERROR_STOP on
\set revision 035_add_deleted_steps_index
\set predecessor 034_add_kept_parts
\ir psql/begin.sql
\if :apply

CREATE INDEX idx_undo_steps_deleted ON undo_steps (user_id, action, is_undone, id) WHERE action = 'deleted';

\endif
\ir psql/end.sql

-- 040_drop_runs_user_id_index: an index that another one makes superfluous, which each new run had to be entered into.
--
-- idx_runs_user_id_created_at begins with the same column, so that it finds one person's runs as well, and those that go with the
-- person. Nothing else is changed.

\set ON_ERROR_STOP on
\set revision 040_drop_runs_user_id_index
\set predecessor 039_add_import_rows
\ir psql/begin.sql
\if :apply

DROP INDEX idx_runs_user_id;

\endif
\ir psql/end.sql

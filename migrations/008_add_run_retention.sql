-- 008_add_run_retention: the details of old runs may go.
--
-- The log of a run is read while it is at work and shortly after; its text and its tool calls stay in the message
-- for good. So after a time (a setting) the deltas and calls of a log are deleted, and details_deleted_at says that
-- they are: whoever looks for more to delete finds the next runs by the index, not by looking at every run again.

\set ON_ERROR_STOP on
\set revision 008_add_run_retention
\set predecessor 007_add_idempotency_keys
\ir psql/begin.sql
\if :apply

ALTER TABLE runs ADD COLUMN details_deleted_at TIMESTAMP WITH TIME ZONE;

CREATE INDEX idx_runs_details_deleted_at_finished_at ON runs (details_deleted_at, finished_at);

\endif
\ir psql/end.sql

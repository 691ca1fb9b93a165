-- 013_count_takeovers: a run that loses its workers ends.
--
-- A run whose worker dies is taken over when its lease lapses. Where the run itself is what killed the worker, the next
-- one dies of it too, and so on without end. So takeovers are counted in the run's row, before any work, and the third
-- one ends the run. Runs handed over by a worker that stops are not counted. The index leads from person to person and
-- from conversation to conversation among the runs that wait, so that nobody's queue stands before somebody else's.

\set ON_ERROR_STOP on
\set revision 013_count_takeovers
\set predecessor 012_add_completed_at
\ir psql/begin.sql
\if :apply

ALTER TABLE runs ADD COLUMN takeovers INTEGER NOT NULL DEFAULT 0;

CREATE INDEX idx_runs_status_user_id_conversation_id_trigger_seq
    ON runs (status, user_id, conversation_id, trigger_seq);

\endif
\ir psql/end.sql

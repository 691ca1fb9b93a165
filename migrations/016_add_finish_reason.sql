-- 016_add_finish_reason: how a model's answer ended.
--
-- An answer that reached the model's largest length looks whole, and is not: the message says so. Messages are never
-- changed, so those from before do not tell.

\set ON_ERROR_STOP on
\set revision 016_add_finish_reason
\set predecessor 015_add_account_removal
\ir psql/begin.sql
\if :apply

ALTER TABLE messages ADD COLUMN finish_reason VARCHAR(20);

\endif
\ir psql/end.sql

-- 029_keep_departed_users: since when nothing is left of a user but their row.
--
-- What somebody has said among people stays when they go, and a group that they made. Both name their row, which stays without
-- an email, a password and a name. So that the workers, who look for users to delete, do not come back to it for ever, it is
-- marked when all else is gone.

\set ON_ERROR_STOP on
\set revision 029_keep_departed_users
\set predecessor 028_add_message_deliveries
\ir psql/begin.sql
\if :apply

ALTER TABLE users ADD COLUMN departed_at TIMESTAMP WITH TIME ZONE;

CREATE INDEX idx_users_departed_at_deleted_at ON users (departed_at, deleted_at);

\endif
\ir psql/end.sql

-- 036_add_user_language: the language that a user has chosen.
--
-- Answers are in the language of a message. Some messages do not tell ("ok", "2"), and whether 8/5 is in August depends on the
-- person, not on the place. A tag of BCP 47; NULL where nothing was chosen, which is everybody until then.

\set ON_ERROR_STOP on
\set revision 036_add_user_language
\set predecessor 035_add_deleted_steps_index
\ir psql/begin.sql
\if :apply

ALTER TABLE users ADD COLUMN language VARCHAR(35);

\endif
\ir psql/end.sql

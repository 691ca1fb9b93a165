-- 037_add_choices: the replies that an agent's message offers, each of which one can send as it stands.
--
-- A list of texts, as JSON, beside the question that they answer: "Yes" and "No", or the tasks of which one is meant. Pages show
-- them as buttons, also when they are opened later, so they are stored and not only streamed. Messages are never changed, so those
-- from before have none.

\set ON_ERROR_STOP on
\set revision 037_add_choices
\set predecessor 036_add_user_language
\ir psql/begin.sql
\if :apply

ALTER TABLE messages ADD COLUMN choices JSONB;

\endif
\ir psql/end.sql

-- 014_keep_what_was_shown: what an approval was asked with, and which program sent a message.
--
-- A person approves what they see. So the question keeps the rows that the call touches as they were when it was
-- asked, and a digest of all that was shown: where a row has changed since, the call is asked for anew. Questions from
-- before have neither.
--
-- Messages are the conversation's record and are never changed: which access token sent one, and what it was called,
-- stands in the message itself, without a key that would go with the token. Messages from before do not tell.

\set ON_ERROR_STOP on
\set revision 014_keep_what_was_shown
\set predecessor 013_count_takeovers
\ir psql/begin.sql
\if :apply

ALTER TABLE approvals ADD COLUMN shown JSONB, ADD COLUMN digest VARCHAR(64);

ALTER TABLE messages ADD COLUMN program_id UUID, ADD COLUMN program_name VARCHAR(100);

\endif
\ir psql/end.sql

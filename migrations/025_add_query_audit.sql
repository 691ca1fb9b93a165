-- 025_add_query_audit: which agent an answer is from, what it has asked of data on its way, and who may work on a run.
--
-- agent_id has no foreign key: what was said stays when its agent goes. A message is written with all of this or without.
-- The words of action are the agent's own.

\set ON_ERROR_STOP on
\set revision 025_add_query_audit
\set predecessor 024_add_conversation_accounts
\ir psql/begin.sql
\if :apply

ALTER TABLE messages
    ADD COLUMN agent_id UUID,
    ADD COLUMN action VARCHAR(50),
    ADD COLUMN query_attempts JSONB,
    ADD COLUMN final_query TEXT,
    ADD COLUMN resolution_note TEXT,
    ADD COLUMN error TEXT;

ALTER TABLE runs ADD COLUMN is_external BOOLEAN NOT NULL DEFAULT false;

-- There are such runs only if this schema was here before, and was taken back.
UPDATE runs SET is_external = true
WHERE status = 'queued' AND conversation_id IN (
    SELECT conversations.id FROM conversations JOIN agents ON agents.id = agent_id WHERE agents.kind = 'external'
);

\endif
\ir psql/end.sql

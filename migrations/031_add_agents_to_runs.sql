-- 031_add_agents_to_runs: which agent a run is of, so that one message may ask several.
--
-- A run belongs to who asked and to the agent that answers. agent_id becomes null when the agent goes; what several runs of one
-- message are told apart by is agent_key, which stays as it is and is never null: the built-in agent, which has no row, has a
-- fixed id there. is_shared says that a run is in a conversation of people, so that a worker looks at no conversation.

\set ON_ERROR_STOP on
\set revision 031_add_agents_to_runs
\set predecessor 030_add_search_entries
\ir psql/begin.sql
\if :apply

ALTER TABLE runs
    ADD COLUMN agent_id UUID,
    ADD COLUMN agent_key UUID NOT NULL DEFAULT '00000000-0000-4000-8000-000000000001',
    ADD COLUMN is_shared BOOLEAN NOT NULL DEFAULT false;

UPDATE runs
SET agent_id = conversations.agent_id, agent_key = conversations.agent_id
FROM conversations
WHERE conversations.id = runs.conversation_id AND conversations.agent_id IS NOT NULL;

ALTER TABLE runs
    ADD CONSTRAINT uq_runs_conversation_id_trigger_seq_agent_key UNIQUE (conversation_id, trigger_seq, agent_key),
    DROP CONSTRAINT uq_runs_conversation_id_trigger_seq,
    ADD CONSTRAINT fk_runs_agent_id FOREIGN KEY (agent_id) REFERENCES agents (id) ON DELETE SET NULL;

CREATE INDEX idx_runs_agent_id ON runs (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX idx_runs_status_user_id_conversation_id_agent_key_trigger_seq
    ON runs (status, user_id, conversation_id, agent_key, trigger_seq);
DROP INDEX idx_runs_status_user_id_conversation_id_trigger_seq;

\endif
\ir psql/end.sql

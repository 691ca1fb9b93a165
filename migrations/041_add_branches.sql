-- 041_add_branches: a question asked in other words, and an answer given anew, beside those from before.
--
-- Messages are only added, so what is asked or answered anew is a further message. A question says after which message it stands
-- where that is not the newest before it, and so the way back from any message is a branch: one number for each place where it
-- leaves the order of the messages, none in a conversation without branches. A conversation knows which branch is shown.
-- attempt tells the runs of one message apart. Nothing that is stored is changed.

\set ON_ERROR_STOP on
\set revision 041_add_branches
\set predecessor 040_drop_runs_user_id_index
\ir psql/begin.sql
\if :apply

ALTER TABLE messages
    ADD COLUMN replaces_id UUID,
    ADD COLUMN after_seq INTEGER,
    ADD COLUMN after_id UUID;

CREATE INDEX idx_messages_replaces_id ON messages (replaces_id, seq) WHERE replaces_id IS NOT NULL;
CREATE INDEX idx_messages_after_seq ON messages (conversation_id, after_seq, seq) WHERE after_seq IS NOT NULL;

ALTER TABLE conversations
    ADD COLUMN shown_seq INTEGER,
    ADD COLUMN shown_id UUID;

ALTER TABLE runs
    ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN replaces_id UUID;
ALTER TABLE runs
    ADD CONSTRAINT uq_runs_conversation_id_trigger_seq_agent_key_attempt
        UNIQUE (conversation_id, trigger_seq, agent_key, attempt),
    DROP CONSTRAINT uq_runs_conversation_id_trigger_seq_agent_key;

\endif
\ir psql/end.sql

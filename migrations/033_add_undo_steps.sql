-- 033_add_undo_steps: what each change of a task or a conversation did, so that it can be undone for 30 days.
--
-- One row for each row that a change made, changed or deleted, written with it; the rows of one change share change_id, which
-- is what clients name. id tells the order of writing, which for changes of one row is the order in which its lock was held.
-- state_before is the row as it was, and state_after what has to stand in it for the change to be undone: it is compared only,
-- so long texts stand there as digests. run_id, row_id and last_undo_id are no foreign keys: what was done stays, whatever
-- becomes of what did it. Changes that were made before this table was there cannot be undone.

\set ON_ERROR_STOP on
\set revision 033_add_undo_steps
\set predecessor 032_add_task_dates
\ir psql/begin.sql
\if :apply

CREATE TABLE undo_steps (
    id BIGSERIAL NOT NULL,
    user_id UUID NOT NULL,
    change_id UUID NOT NULL,
    noun VARCHAR(12) NOT NULL,
    row_id UUID NOT NULL,
    action VARCHAR(10) NOT NULL,
    title VARCHAR(255),
    state_before JSONB,
    state_after JSONB,
    run_id UUID,
    tool_call_id VARCHAR(120),
    is_undo BOOLEAN NOT NULL DEFAULT false,
    is_undone BOOLEAN NOT NULL DEFAULT false,
    last_undo_id UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT undo_steps_pkey PRIMARY KEY (id),
    CONSTRAINT undo_steps_noun_check CHECK (noun IN ('task', 'conversation')),
    CONSTRAINT undo_steps_action_check CHECK (action IN ('created', 'updated', 'deleted')),
    CONSTRAINT fk_undo_steps_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX idx_undo_steps_user_id ON undo_steps (user_id, id);
CREATE INDEX idx_undo_steps_change_id ON undo_steps (change_id);
CREATE INDEX idx_undo_steps_run_id ON undo_steps (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX idx_undo_steps_last_undo_id ON undo_steps (last_undo_id) WHERE last_undo_id IS NOT NULL;

\endif
\ir psql/end.sql

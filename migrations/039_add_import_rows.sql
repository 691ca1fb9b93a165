-- 039_add_import_rows: what an import has made, so that it can be taken back as one.
--
-- An import has thousands of rows, and stands in undo_steps as one step. Here is a row for each task and each conversation that it
-- has made, with what has to stand there for it to be taken away again, and of a task that was taken away what it was. A row of
-- kind extended is a conversation of an earlier import to which messages were added: those stay, since messages are only added.

\set ON_ERROR_STOP on
\set revision 039_add_import_rows
\set predecessor 038_hide_deleted_conversations
\ir psql/begin.sql
\if :apply

CREATE TABLE import_rows (
    import_id UUID NOT NULL,
    row_id UUID NOT NULL,
    user_id UUID NOT NULL,
    noun VARCHAR(12) NOT NULL,
    kind VARCHAR(10) NOT NULL,
    state_after JSONB NOT NULL,
    state_before JSONB,
    is_taken BOOLEAN NOT NULL DEFAULT false,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT import_rows_pkey PRIMARY KEY (import_id, row_id),
    CONSTRAINT import_rows_noun_check CHECK (noun IN ('task', 'conversation')),
    CONSTRAINT import_rows_kind_check CHECK (kind IN ('made', 'extended')),
    CONSTRAINT fk_import_rows_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX idx_import_rows_user_id ON import_rows (user_id);
CREATE INDEX idx_import_rows_changed_at ON import_rows (changed_at);

ALTER TABLE undo_steps
    DROP CONSTRAINT undo_steps_noun_check,
    ADD CONSTRAINT undo_steps_noun_check CHECK (noun IN ('task', 'conversation', 'import'));

\endif
\ir psql/end.sql

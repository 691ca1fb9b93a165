-- 034_add_kept_parts: what a deleted conversation took along, kept for 30 days so that it can be brought back.
--
-- The conversation and all that belongs to it are deleted as ever, by the cascades of their tables. Before that its runs, messages
-- and logs are copied here as JSON, some rows of one table in a part, under the change that deleted it. id is the order in which
-- the parts are stored again. Nobody reads them but who brings the conversation back.

\set ON_ERROR_STOP on
\set revision 034_add_kept_parts
\set predecessor 033_add_undo_steps
\ir psql/begin.sql
\if :apply

CREATE TABLE kept_parts (
    id BIGSERIAL NOT NULL,
    user_id UUID NOT NULL,
    change_id UUID NOT NULL,
    noun VARCHAR(40) NOT NULL,
    content JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT kept_parts_pkey PRIMARY KEY (id),
    CONSTRAINT fk_kept_parts_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX idx_kept_parts_user_id ON kept_parts (user_id);
CREATE INDEX idx_kept_parts_change_id ON kept_parts (change_id, id);

\endif
\ir psql/end.sql

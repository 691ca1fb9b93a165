-- 009_add_approvals: calls that wait for a person's yes.
--
-- What an agent cannot undo it asks for first. The question is a row: which call of which run, with the arguments
-- that will be used and no others, so that nothing a client sends can alter it. The first decision stays, with its
-- time. On users, approval says what is asked for: always (all that changes something), destructive or never.

\set ON_ERROR_STOP on
\set revision 009_add_approvals
\set predecessor 008_add_run_retention
\ir psql/begin.sql
\if :apply

CREATE TABLE approvals (
    run_id UUID NOT NULL,
    tool_call_id VARCHAR(120) NOT NULL,
    name VARCHAR(100) NOT NULL,
    arguments JSONB NOT NULL,
    decision VARCHAR(10),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT approvals_pkey PRIMARY KEY (run_id, tool_call_id),
    CONSTRAINT approvals_decision_check CHECK (decision IN ('approved', 'denied', 'expired', 'cancelled')),
    CONSTRAINT fk_approvals_run_id FOREIGN KEY (run_id) REFERENCES runs (id) ON DELETE CASCADE
);

CREATE INDEX idx_approvals_decision_expires_at ON approvals (decision, expires_at);

ALTER TABLE users ADD COLUMN approval VARCHAR(20) NOT NULL DEFAULT 'destructive';

\endif
\ir psql/end.sql

-- 022_add_run_cost: what a run has cost.
--
-- The price of a model is a setting of the operator, and changes. So what the tokens cost is stored when they are counted,
-- in whole billionths of the operator's currency, whose sums are exact. It is unknown for runs from before, and where the
-- operator names no price.

\set ON_ERROR_STOP on
\set revision 022_add_run_cost
\set predecessor 021_add_recipient_id_to_events
\ir psql/begin.sql
\if :apply

ALTER TABLE runs ADD COLUMN cost_nanos BIGINT;

\endif
\ir psql/end.sql

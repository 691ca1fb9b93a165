-- Looks where the database stands and decides what the including file does: apply, say that it is applied
-- already, or refuse. Wants the variables revision and predecessor (empty for the first file); leaves apply
-- (t or f). Everything happens in the schema that comes first in the search_path, as with create_all.

-- What a ~/.psqlrc may have changed: with AUTOCOMMIT off the work would be rolled back at the end.
\set AUTOCOMMIT on
\set QUIET on

-- psql -1 has opened a transaction for us. Only then has time passed between its start and this statement.
SELECT now() <> statement_timestamp() AS inside \gset
\if :inside
\else
  BEGIN ISOLATION LEVEL READ COMMITTED;
\endif
SET LOCAL client_min_messages = warning;

-- "parley" in ASCII: the lock that backend/storage/schema/lock.py names as well. It ends with the transaction.
SELECT pg_advisory_xact_lock(123563833845113) AS locked \gset

SELECT to_regclass(quote_ident(current_schema()) || '.alembic_version') IS NOT NULL AS stamped \gset
\if :stamped
  SELECT count(*) AS stamps, coalesce(min(version_num), '') AS stamp FROM alembic_version \gset
\else
  \set stamps 0
  \set stamp ''
\endif

-- Every table that a file here makes.
SELECT coalesce(string_agg(tablename, ', ' ORDER BY tablename), '') AS found
FROM pg_tables
WHERE schemaname = current_schema()
  AND tablename IN (
    'users', 'tasks', 'conversations', 'messages', 'auth_sessions', 'refresh_tokens', 'rate_limits',
    'runs', 'run_events', 'idempotency_keys', 'approvals', 'events', 'event_sequences', 'access_tokens',
    'tool_calls', 'event_log', 'event_counter', 'event_reads', 'accounts', 'account_members',
    'account_invitations', 'agents', 'conversation_participants', 'message_changes', 'message_deliveries',
    'search_entries', 'undo_steps', 'kept_parts', 'import_rows', 'oauth_clients', 'oauth_codes', 'oauth_tokens'
  ) \gset

SELECT CASE
  WHEN current_schema() IS NULL THEN 'the search_path names no schema that exists'
  WHEN :stamps > 1 THEN 'alembic_version has more than one row'
  WHEN :stamps = 0 AND :'found' <> '' THEN 'there are tables (' || :'found' || ') but no stamp that says whose'
  WHEN :stamps = 1 AND :'stamp' !~ '^[0-9]{3}_' THEN 'the stamp ' || quote_literal(:'stamp') || ' is unknown'
  WHEN :'stamp' NOT IN (:'revision', :'predecessor')
    AND left(:'stamp', 3) IN (left(:'revision', 3), left(nullif(:'predecessor', ''), 3))
    THEN 'the stamp ' || quote_literal(:'stamp') || ' is unknown'
  ELSE ''
END AS refusal \gset
\ir refuse.sql

\set reset_wanted f
\if :{?reset}
  SELECT :'reset' = '1' AS reset_wanted \gset
\endif
\if :reset_wanted
  \ir reset.sql
\endif

SELECT left(:'stamp', 3) COLLATE "C" < left(:'revision', 3) AS apply \gset
SELECT CASE
  WHEN :'apply' = 't' AND :'stamp' <> :'predecessor' THEN
    'needs ' || :'predecessor' || ' first; the database is ' || coalesce('at ' || nullif(:'stamp', ''), 'empty')
  ELSE ''
END AS refusal \gset
\ir refuse.sql

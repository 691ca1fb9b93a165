-- 021_add_recipient_id_to_events: to whom a posted event is addressed, and in which account it was said.
--
-- Only what users post has an account, and a recipient unless it is for all members of the account. The indexes leave out
-- the changes, which are very many more and have neither. A record goes with its recipient and with its account.

\set ON_ERROR_STOP on
\set revision 021_add_recipient_id_to_events
\set predecessor 020_add_accounts
\ir psql/begin.sql
\if :apply

ALTER TABLE events
    ADD COLUMN recipient_id UUID,
    ADD COLUMN account_id UUID;

-- What was posted up to here was for oneself.
UPDATE events SET recipient_id = audience_id, account_id = audience_id
WHERE expires_at IS NULL AND sender_id IS NOT NULL AND audience = 'user';

ALTER TABLE events
    ADD CONSTRAINT fk_events_recipient FOREIGN KEY (recipient_id) REFERENCES users (id) ON DELETE CASCADE,
    ADD CONSTRAINT fk_events_account_id FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE;

CREATE INDEX idx_events_recipient_id ON events (recipient_id) WHERE recipient_id IS NOT NULL;
CREATE INDEX idx_events_account_id ON events (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX idx_events_sender_id_recipient_id ON events (sender_id, recipient_id, id) WHERE sender_id IS NOT NULL;

\endif
\ir psql/end.sql

-- 028_add_message_deliveries: when a message reached each participant, and when they read it.
--
-- A row is written when a mark of a participant moves past the message, not when the message is sent: so sending costs the
-- same however many read. In large conversations there are none, and the marks alone say who has read what. The rows hold
-- times, which the marks do not. account_id is part of the key to the conversation, and is never null.

\set ON_ERROR_STOP on
\set revision 028_add_message_deliveries
\set predecessor 027_add_message_changes
\ir psql/begin.sql
\if :apply

CREATE TABLE message_deliveries (
    message_id UUID NOT NULL,
    user_id UUID NOT NULL,
    account_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    delivered_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    read_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT message_deliveries_pkey PRIMARY KEY (message_id, user_id),
    CONSTRAINT fk_message_deliveries_message_id FOREIGN KEY (message_id) REFERENCES messages (id) ON DELETE CASCADE,
    CONSTRAINT fk_message_deliveries_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_message_deliveries_account_id FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT fk_message_deliveries_conversation_id FOREIGN KEY (account_id, conversation_id)
        REFERENCES conversations (account_id, id) ON DELETE CASCADE
);

CREATE INDEX idx_message_deliveries_unread ON message_deliveries (user_id, delivered_at DESC) WHERE read_at IS NULL;
CREATE INDEX idx_message_deliveries_user_id_delivered_at ON message_deliveries (user_id, delivered_at DESC);
CREATE INDEX idx_message_deliveries_account_id_conversation_id ON message_deliveries (account_id, conversation_id);

\endif
\ir psql/end.sql

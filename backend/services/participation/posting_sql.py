# services/participation/posting_sql.py -- a plain message to people in one statement of PostgreSQL's own SQL.
from storage.sql_text import SqlText

# $1 caller, $2 conversation, $3 now, $4 message, $5 content, $6 client_id, $7 payload of its event, without the number
# and the sender's name, $8 when the event may be deleted. No row: something else has to be done or said.
#
# The UPDATE waits for the conversation's lock and then counts from what the one before it has stored; what else it
# reads is from before it waited. So the sender's place is looked at once more when it is written to: for somebody who
# was removed meanwhile there is no number, the message is refused for it, and the whole statement fails. In a direct
# conversation with an agent a message may be more than a message.
POST_TO_PEOPLE = SqlText(
    """
    WITH numbered AS (
        UPDATE conversations
        SET last_seq = conversations.last_seq + 1, updated_at = greatest(conversations.updated_at, $3)
        FROM conversation_participants AS place
            JOIN accounts ON accounts.id = place.account_id AND accounts.deleted_at IS NULL
            JOIN users ON users.id = place.user_id AND users.deleted_at IS NULL
        WHERE conversations.id = $2 AND conversations.kind <> 'assistant'
            AND place.conversation_id = conversations.id AND place.user_id = $1 AND place.left_at IS NULL
            AND NOT EXISTS (SELECT FROM messages WHERE messages.user_id = $1 AND messages.client_id = $6)
            AND (conversations.kind = 'group' OR NOT EXISTS (
                SELECT FROM conversation_participants AS other JOIN agents ON agents.id = other.user_id
                WHERE other.conversation_id = conversations.id
            ))
        RETURNING conversations.id, conversations.last_seq, users.display_name
    ), marked AS (
        UPDATE conversation_participants AS own
        SET last_read_seq = numbered.last_seq, last_delivered_seq = numbered.last_seq
        FROM numbered WHERE own.conversation_id = numbered.id AND own.user_id = $1 AND own.left_at IS NULL
        RETURNING own.last_read_seq AS seq
    ), message AS (
        INSERT INTO messages (id, conversation_id, user_id, role, content, created_at, seq, client_id)
        SELECT $4, numbered.id, $1, 'user', $5, $3, marked.seq, $6 FROM numbered LEFT JOIN marked ON true
    ), told AS (
        INSERT INTO events (audience, audience_id, type, payload, created_at, expires_at)
        SELECT 'conversation', numbered.id, 'message.created', jsonb_set(
            jsonb_set($7::jsonb, '{message_seq}', to_jsonb(numbered.last_seq)),
            '{message,sender,name}', coalesce(to_jsonb(numbered.display_name), 'null')
        ), $3, $8
        FROM numbered
    )
    SELECT last_seq, display_name FROM numbered""",
    {
        "conversations": ("WHERE conversations.id = $2 AND conversations.kind <> 'assistant' AND place",),
        "conversation_participants": (
            "place.conversation_id = conversations.id AND place.user_id = $1 AND place.left_at IS NULL",
            "WHERE other.conversation_id = conversations.id",
            "own.conversation_id = numbered.id AND own.user_id = $1 AND own.left_at IS NULL",
        ),
        "accounts": ("accounts.id = place.account_id AND accounts.deleted_at IS NULL",),
        "users": ("users.id = place.user_id AND users.deleted_at IS NULL",),
        "agents": ("agents.id = other.user_id",),
        "messages": (
            "messages.user_id = $1 AND messages.client_id = $6",
            "SELECT $4, numbered.id, $1, 'user',",
        ),
        "events": ("SELECT 'conversation', numbered.id, 'message.created',",),
    },
)

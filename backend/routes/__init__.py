# routes/__init__.py -- the routers of the REST API. Starlette tries them in this order: the busiest come first.
from routes import (
    chats,
    conversations,
    events,
    markdown,
    messages,
    runs,
    search,
    tasks,
    well_known,
)
from routes.accounts import ACCOUNT_ROUTERS
from routes.audit import tool_calls, undo
from routes.identity import api_tokens, auth, consent, me, transfers
from routes.operation import health
from routes.participation import participants, reading

ROUTERS = [
    *(module.router for module in (tasks, messages, conversations, runs, events, tool_calls, search)),
    undo.router,
    participants.router,
    reading.router,
    *ACCOUNT_ROUTERS,
    *(module.router for module in (api_tokens, transfers, me, auth, consent, health, markdown)),
    well_known.router,
    chats.versioned,
    chats.unversioned,
]

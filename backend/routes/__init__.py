# routes/ -- REST: one file a noun.
from routes import api_tokens, auth, conversations, events, health, markdown, me, messages, runs, tasks

# Starlette matches routes in this order: the busiest come first.
ROUTERS = [
    module.router
    for module in (tasks, messages, conversations, runs, events, api_tokens, me, auth, health, markdown)
]

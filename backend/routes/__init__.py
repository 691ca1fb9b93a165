# routes/__init__.py -- the routers of the REST API. Starlette tries them in this order: the busiest come first.
from routes import (
    api_tokens,
    auth,
    conversations,
    events,
    health,
    markdown,
    me,
    messages,
    runs,
    tasks,
    tool_calls,
)

ROUTERS = [
    module.router
    for module in (
        tasks,
        messages,
        conversations,
        runs,
        events,
        tool_calls,
        api_tokens,
        me,
        auth,
        health,
        markdown,
    )
]

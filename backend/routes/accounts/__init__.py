# routes/accounts/ -- accounts, their members, agents, and invitations to them, over HTTP.
from routes.accounts import accounts, agent_options, agent_tokens, agents, invitations, members

ACCOUNT_ROUTERS = [
    module.router for module in (accounts, members, invitations, agents, agent_tokens, agent_options)
]

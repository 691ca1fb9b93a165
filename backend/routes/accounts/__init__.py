# routes/accounts/ -- accounts, their members, and invitations to them, over HTTP.
from routes.accounts import accounts, invitations, members

ACCOUNT_ROUTERS = [accounts.router, members.router, invitations.router]

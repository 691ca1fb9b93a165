# routes/accounts/ -- accounts, their members, and invitations to them, over HTTP.

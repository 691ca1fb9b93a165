# services/accounts/ -- accounts, their members, and invitations to them.

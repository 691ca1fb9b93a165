# services/agents/ -- the agents of accounts, their keys, and how they go.

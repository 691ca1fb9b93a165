# services/audit/ -- what runs and tools have done, told afterwards: calls, queries, tokens.

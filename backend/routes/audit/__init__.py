# routes/audit/ -- what was done, and taking it back.

# models/audit/ -- what is kept of changes.

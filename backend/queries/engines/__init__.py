# queries/engines/ -- how a query is run on each kind of database, reading only and within limits.

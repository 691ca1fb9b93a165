# routes/operation/ -- routes for whoever operates the server: whether it is up, and its metrics.

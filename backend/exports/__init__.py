# exports/ -- all that a person has and may read, to take along.

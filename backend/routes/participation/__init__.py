# routes/participation/ -- who takes part in conversations of people, and what becomes of the messages there, over HTTP.

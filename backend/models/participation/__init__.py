# models/participation/ -- who takes part in conversations of people, and what became of the messages there.

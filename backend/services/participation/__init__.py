# services/participation/ -- direct and group conversations: who takes part, what is said there, and who has read it.

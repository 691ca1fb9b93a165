# agent/histories/ -- what a model reads of a conversation: with an agent alone, or among people.

# search/ -- what one looks for: in the messages that one may read, and in one's tasks.

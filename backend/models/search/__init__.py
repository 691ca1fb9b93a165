# models/search/ -- what messages are searched by, and what a search finds.

# models/undo/ -- what is kept of changes, so that they can be taken back.

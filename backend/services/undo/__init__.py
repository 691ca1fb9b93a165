# services/undo/ -- what every change keeps, and how it is taken back.

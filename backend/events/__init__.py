# events/ -- the events of changes, and the log that numbers all events and keeps their order.

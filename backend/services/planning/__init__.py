# services/planning/ -- when tasks are due, how they repeat, and their reminders.

# due_dates/ -- when something is due and when again: days, moments and rules of repetition, without a database.

# services/branches/ -- what is asked or answered anew, beside what stands there: which messages lead to which.

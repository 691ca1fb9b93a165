# metrics/ -- what a worker counts of its own work, for the operator's monitoring.

# backups/ -- the whole database as one file, and back: written, verified, restored; on PostgreSQL and MariaDB by their
# own programs.

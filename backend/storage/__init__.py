# storage/ -- where SQLite, PostgreSQL and MariaDB differ, and how the schema begins and is upgraded.

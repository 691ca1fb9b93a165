# storage/schema/ -- how the schema of a database is created, upgraded, recognized and compared.

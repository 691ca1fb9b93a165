-- Stamps the database with the including file's name and commits; psql -1 commits by itself, at its end.
\if :apply
  CREATE TABLE IF NOT EXISTS alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
  );
  DELETE FROM alembic_version;
  INSERT INTO alembic_version (version_num) VALUES (:'revision');
\endif
\if :inside
\else
  COMMIT;
\endif
\if :apply
  \echo :revision: applied
\else
  \echo :revision: already applied
\endif

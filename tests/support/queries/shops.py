# support/queries/shops.py -- a database of somebody's own on each engine, and a role there that only reads.
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy.engine import make_url

from queries.databases import NamedDatabase, QueryDatabases
from settings.query_databases import QueryDatabase
from support.databases.mariadb import MariaDBServer
from support.databases.postgres import PostgresServer

ACCOUNT = UUID("7b0d5b7e-4c1f-4f0a-9a5d-2f4f5a1d9c11")
PASSWORD = "a-password-that-nobody-may-see"
TABLES = [
    "CREATE TABLE customers (id integer PRIMARY KEY, name varchar(100) NOT NULL)",
    "CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer REFERENCES customers (id), "
    "total decimal(10, 2), at date, note text)",
    "CREATE VIEW large_orders AS SELECT * FROM orders WHERE total > 100",
    "INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Zoë ''Z'' Ö')",
    "INSERT INTO orders VALUES (1, 1, 10.50, '2024-01-05', 'first'), (2, 1, 200, '2024-02-05', NULL), "
    "(3, 2, 99.99, '2024-02-06', 'a\\b')",
]
COUNT = "SELECT count(*), sum(total) FROM orders"


@dataclass(frozen=True)
class Shop:
    """`url` is the role's that reads. `look` runs a statement as the owner, and gives its rows."""

    engine: str
    url: str
    look: Callable[[str], list[tuple[object, ...]]]

    def entry(self, **given: object) -> QueryDatabase:
        return QueryDatabase.model_validate({"name": "shop", "url": self.url, "accounts": [ACCOUNT], **given})

    @contextmanager
    def open(self, **given: object) -> Iterator[NamedDatabase]:
        databases = QueryDatabases([self.entry(**given)])
        try:
            yield databases.all["shop"]
        finally:
            databases.close()


def open_shop(engine: str, request: pytest.FixtureRequest, folder: Path) -> Shop:
    if engine == "sqlite":
        return open_sqlite_shop(folder / "shop.db")
    if engine == "mariadb":
        return open_mariadb_shop(request.getfixturevalue("mariadb"))
    return open_postgresql_shop(request.getfixturevalue("postgres"))


def open_sqlite_shop(path: Path) -> Shop:
    def look(sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(path)) as connection, connection:
            return connection.execute(sql).fetchall()

    for statement in TABLES:
        look(statement)
    return Shop("sqlite", f"sqlite:///{path}", look)


def open_postgresql_shop(server: PostgresServer) -> Shop:
    name = f"shop_{uuid4().hex}"
    server.create_database(name)
    owner = server.url(name)

    def look(sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(owner, autocommit=True) as connection:
            done = connection.execute(sql)
            return done.fetchall() if done.description else []

    for statement in [
        *TABLES,
        "CREATE SEQUENCE tickets",
        f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}' NOSUPERUSER",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}",
    ]:
        look(statement)
    url = make_url(owner).set(username=name, password=PASSWORD)
    return Shop("postgresql", url.render_as_string(hide_password=False), look)


def open_mariadb_shop(server: MariaDBServer) -> Shop:
    name = server.create_database()
    role = f"r{uuid4().hex[:12]}"

    def look(sql: str) -> list[tuple[object, ...]]:
        return server.run(sql, database=name)[0]

    for statement in [
        *(each.replace("a\\b", "a\\\\b") for each in TABLES),
        f"CREATE USER {role} IDENTIFIED BY '{PASSWORD}'",
        f"GRANT SELECT ON {name}.* TO {role}",
    ]:
        look(statement)
    url = make_url(server.url(name)).set(username=role, password=PASSWORD)
    return Shop("mariadb", url.render_as_string(hide_password=False), look)

# doctor/query_checks.py -- the databases that agents may query: whether each answers, and whether its role only reads.
from collections.abc import AsyncIterator

from doctor.findings import Finding, find_note, find_ok, find_wrong
from queries.refusals import QueryRefused
from settings import Settings, SettingsError
from storage.schema.revisions import METADATA

SUBJECT = "queries"
CURE = 'see "Let agents query your data" in specs/operating.md'
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mariadb": "MariaDB"}
# A database with all of these is Parley's own.
OWN_TABLES = METADATA.tables.keys()


async def check_query_databases(settings: Settings) -> AsyncIterator[Finding]:
    """Rights are looked up: nothing is tried. No line shows a URL."""
    entries = settings.query_databases.get_secret_value()
    if not entries:
        return
    from queries.databases import QueryDatabases

    try:
        databases = QueryDatabases(entries)
    except SettingsError as error:
        yield find_wrong(SUBJECT, str(error).rstrip("."), "see QUERY_DATABASES in .env.example")
        return
    try:
        for name, database in databases.all.items():
            try:
                rights = await database.read_rights()
                if rights.excess:  # its tables may be too many to read
                    excess = ", ".join(rights.excess)
                    yield find_wrong(SUBJECT, f"{name} ({rights.version}): the role may also {excess}", CURE)
                    continue
                catalog = await database.read_catalog()
            except QueryRefused as refusal:
                yield find_wrong(SUBJECT, f"{name}: {str(refusal).rstrip('.')}", "see its url and its role")
                continue
            labels = {label.lower() for label in catalog.list_labels()}
            what = f"{name}: {NAMES[catalog.dialect]} {rights.version}, {len(labels)} tables to read"
            if labels >= OWN_TABLES:
                yield find_wrong(SUBJECT, f"{what}: they are Parley's own, with everybody's messages", CURE)
            elif not labels:
                yield find_note(SUBJECT, what, "GRANT SELECT to its role, or name other tables")
            else:
                yield find_ok(SUBJECT, f"{what}, by a role that only reads")
            if not database.entry.accounts:
                yield find_note(SUBJECT, f"{name}: no account may use it", "name accounts in QUERY_DATABASES")
    finally:
        databases.close()

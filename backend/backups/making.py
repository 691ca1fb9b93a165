# backups/making.py -- makes, verifies and restores backups, whichever engine they are of.
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path

from backups.archive import Progress, create_archive, open_archive
from backups.kind import BackupKind
from backups.manifest import BackupError, Manifest
from backups.mariadb import MariaDBBackup
from backups.postgresql import PostgreSQLBackup
from backups.sqlite import SQLiteBackup
from clock import utc_now
from settings import VERSION, Settings
from storage.engines import parse_database_url
from storage.schema.revisions import METADATA, RESTORE_KILLED, RESTORE_TABLE

KINDS: Mapping[str, BackupKind] = {
    "sqlite": SQLiteBackup(),
    "postgresql": PostgreSQLBackup(),
    "mariadb": MariaDBBackup(),
}


def name_engine(settings: Settings) -> str:
    return parse_database_url(settings.database_url.get_secret_value())[0].get_backend_name()


def make_backup(settings: Settings, path: Path, on_progress: Progress) -> Manifest | None:
    """Write the whole database into a new file. None, and no file, if it has no tables of ours.

    BackupError, and no file either, if that does not succeed.
    """
    engine = name_engine(settings)
    kind = KINDS[engine]
    source = kind.describe_source(settings)
    if not METADATA.tables.keys() & set(source.tables):
        return None
    if RESTORE_TABLE in source.tables:
        raise BackupError(RESTORE_KILLED)
    with create_archive(path) as archive:
        made_at = utc_now().replace(tzinfo=UTC)
        written = kind.write_data(settings, source, archive, on_progress)
        manifest = Manifest(
            parley=VERSION,
            made_at=made_at,
            engine=engine,
            server=source.version,
            program=written.program,
            namespace=source.namespace,
            revision=written.facts.revision,
            tables=written.facts.tables,
            data=written.file,
        )
        archive.write_manifest(manifest)
    return manifest


def verify_backup(path: Path, on_progress: Progress) -> Manifest:
    """Read all of a backup. BackupError unless it holds what its manifest says."""
    with open_archive(path) as archive:
        KINDS[archive.manifest.engine].check_contents(archive, on_progress)
        return archive.manifest


def restore_backup(settings: Settings, path: Path, on_progress: Progress) -> Manifest:
    """Write a backup into an empty database."""
    with open_archive(path) as archive:
        manifest, engine = archive.manifest, name_engine(settings)
        if manifest.engine != engine:
            raise BackupError(f"The backup is of {manifest.engine}, and DATABASE_URL leads to {engine}.")
        KINDS[engine].restore_data(settings, archive, on_progress)
    return manifest

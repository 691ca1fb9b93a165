# doctor/examination.py -- all checks, in the order in which one would look.
from collections.abc import AsyncIterator, Iterator

from doctor.database_checks import check_database
from doctor.findings import Finding
from doctor.machine_checks import check_disks, check_files
from doctor.query_checks import check_query_databases
from doctor.settings_checks import check_settings, check_versions
from settings import Settings


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Nothing is changed, and nothing is made that is not there."""
    for finding in check_machine(settings):
        yield finding
    async for finding in check_database(settings):
        yield finding
    async for finding in check_query_databases(settings):
        yield finding


def check_machine(settings: Settings) -> Iterator[Finding]:
    """What can be seen without the database."""
    yield from check_versions()
    yield from check_settings(settings)
    yield from check_files(settings)
    yield from check_disks(settings)

# commands/doctor.py -- parley doctor: whether a server can work as it is set up, and what to do where it cannot.
import asyncio
from typing import TYPE_CHECKING

import typer

from commands.context import exit_with, load_settings, make_printable
from logs import configure_logs
from settings import Settings

if TYPE_CHECKING:
    from doctor.findings import Finding


def doctor() -> None:
    """Look at settings, versions, files, disks and the database, a line each; end with status 1 if one is wrong.

    Changes nothing, and may run beside servers.
    """
    settings = load_settings()
    configure_logs("error")
    if wrong := asyncio.run(print_findings(settings)):
        exit_with(f"{wrong} of these lines {'is' if wrong == 1 else 'are'} wrong.")


async def print_findings(settings: Settings) -> int:
    """How many are wrong."""
    from doctor.examination import examine

    wrong = 0
    async for finding in examine(settings):
        wrong += finding.verdict == "wrong"
        typer.echo(format_finding(finding))
    return wrong


def format_finding(finding: "Finding") -> str:
    cure = f" -> {finding.cure}" if finding.cure else ""
    return make_printable(f"{finding.verdict:<6} {finding.subject:<14} {finding.text}{cure}")

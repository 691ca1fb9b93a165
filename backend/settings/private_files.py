# settings/private_files.py -- files that only their owner may read, such as databases and backups.
import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_IMODE, S_ISREG
from typing import BinaryIO

import structlog
from structlog.typing import FilteringBoundLogger

log: FilteringBoundLogger = structlog.get_logger()

# The permission bits of group and others.
OTHERS = 0o077
ONLY_OWNER = 0o600


def keep_private(path: Path) -> None:
    """Remove all permissions of group and others from a file."""
    try:
        mode = path.stat().st_mode
        if not S_ISREG(mode) or not mode & OTHERS:
            return
        path.chmod(S_IMODE(mode) & ~OTHERS)
    except FileNotFoundError:
        return
    except OSError as error:
        log.warning(
            "a file is open to others and cannot be made private",
            file=str(path),
            reason=str(error),
        )
    else:
        log.warning("a file was open to others: it is private now", file=str(path))


@contextmanager
def write_whole_file(path: Path) -> Iterator[BinaryIO]:
    """A new file that only its owner may read; it is called FILE.part until all of it is on the disk.

    FileExistsError if either name is taken. Nothing is left if the block fails.
    """
    if path.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    part = path.with_name(f"{path.name}.part")
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, ONLY_OWNER)
    try:
        with open(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        part.rename(path)
        sync_folder(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """A new name outlives a loss of power only if its folder is on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def load_or_create_key(path: Path) -> str:
    """The key in `path`; creates it (mode 0600) if there is none yet.

    Several workers may start at the same time: a hard link publishes the whole file, and the first one wins.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, ONLY_OWNER)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(48))
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # another worker was first: its key is used
                os.link(draft, path)
        finally:
            draft.unlink()
    keep_private(path)
    return path.read_text().strip()

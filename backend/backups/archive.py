# backups/archive.py -- the file of a backup: a ZIP archive with the data and a manifest, written whole or not at all.
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from pydantic import ValidationError

from backups.manifest import BackupError, DataFile, Manifest
from settings.private_files import ONLY_OWNER, write_whole_file

MANIFEST_NAME = "manifest.json"
MAX_MANIFEST_BYTES = 2**20
CHUNK_BYTES = 2**18
# Called with the bytes of data so far, unpacked, and how many there are, where that is known.
Progress = Callable[[int, int | None], None]


def ignore_progress(done: int, total: int | None) -> None:
    """For what is not worth to be shown."""


@contextmanager
def create_archive(path: Path) -> Iterator["ArchiveWriter"]:
    """A new file that has its name when all of it is on the disk. It replaces nothing."""
    try:
        with write_whole_file(path) as file, ZipFile(file, "w", ZIP_DEFLATED) as archive:
            yield ArchiveWriter(archive, path)
    except FileExistsError as error:
        if error.filename == str(path):
            raise BackupError(f"{path} is there already, and a backup replaces nothing.") from None
        raise BackupError(
            f"{error.filename} is there: another backup writes it, or one was killed. Delete it if none does."
        ) from None


class ArchiveWriter:
    def __init__(self, archive: ZipFile, path: Path) -> None:
        self._archive = archive
        self.path = path

    def write_data(self, name: str, chunks: Iterable[bytes], on_progress: Progress) -> DataFile:
        hashed, count = hashlib.sha256(), 0
        with self._archive.open(describe_member(name), "w", force_zip64=True) as member:
            for chunk in chunks:
                member.write(chunk)
                hashed.update(chunk)
                count += len(chunk)
                on_progress(count, None)
        return DataFile(name=name, bytes=count, sha256=hashed.hexdigest())

    def write_manifest(self, manifest: Manifest) -> None:
        self._archive.writestr(describe_member(MANIFEST_NAME), manifest.model_dump_json(indent=2))


def describe_member(name: str) -> ZipInfo:
    member = ZipInfo(name)
    member.compress_type = ZIP_DEFLATED
    member.external_attr = ONLY_OWNER << 16
    return member


@contextmanager
def open_archive(path: Path) -> Iterator["ArchiveReader"]:
    """BackupError if the file is no backup, or if it turns out, while it is read, not to be whole."""
    try:
        with ZipFile(path) as archive:
            yield ArchiveReader(archive, path)
    except (BadZipFile, zlib.error, EOFError) as error:
        raise BackupError(f"{path} is no backup, or not all of one: {error}.") from error


class ArchiveReader:
    def __init__(self, archive: ZipFile, path: Path) -> None:
        self._archive = archive
        self._path = path
        self.manifest = self._read_manifest()

    def _read_manifest(self) -> Manifest:
        try:
            with self._archive.open(MANIFEST_NAME) as member:
                text = member.read(MAX_MANIFEST_BYTES)
        except KeyError:
            raise BackupError(f"{self._path} is no backup: it has no {MANIFEST_NAME}.") from None
        try:
            return Manifest.model_validate_json(text)
        except ValidationError as error:
            wrong = {".".join(map(str, each["loc"])) for each in error.errors()}
            if "format" in wrong:
                raise BackupError(
                    f"{self._path} is of another format: use the Parley that made it."
                ) from None
            raise BackupError(f"{self._path}: its manifest is wrong: {', '.join(sorted(wrong))}.") from None

    def read_data(self, on_progress: Progress) -> Iterator[bytes]:
        """The data in chunks. BackupError at the end if it is not what the manifest says."""
        expected, hashed, count = self.manifest.data, hashlib.sha256(), 0
        try:
            member = self._archive.open(expected.name)
        except KeyError:
            raise BackupError(f"{self._path} has no {expected.name}.") from None
        with member:
            while chunk := member.read(CHUNK_BYTES):
                count += len(chunk)
                if count > expected.bytes:
                    break
                hashed.update(chunk)
                yield chunk
                on_progress(count, expected.bytes)
        if (count, hashed.hexdigest()) != (expected.bytes, expected.sha256):
            raise BackupError(f"{self._path}: {expected.name} is not what was written: it is damaged.")


def split_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines, each with its end. In memory is one chunk, and the line that it is in."""
    begun: list[bytes] = []
    for chunk in chunks:
        first, *lines = chunk.split(b"\n")
        begun.append(first)
        for line in lines:
            yield b"".join([*begun, b"\n"])
            begun = [line]
    if last := b"".join(begun):
        yield last


def join_lines(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Chunks of whole lines."""
    gathered: list[bytes] = []
    size = 0
    for line in lines:
        gathered.append(line)
        size += len(line)
        if size >= CHUNK_BYTES:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)

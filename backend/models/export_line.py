# models/export_line.py -- the form of the lines of an export and of the answer to an import.
from collections.abc import Sequence

from pydantic_core import to_json

FORMAT = "parley"
# A reader refuses a number that it does not know.
FORMAT_VERSION = 1


def frame_lines(type_: str, items: Sequence[object]) -> bytes:
    """Each item under the name of its type; JSON that is there already as it is."""
    parts = [item if isinstance(item, bytes) else to_json(item) for item in items]
    return b"".join(b'{"type":"%b","%b":%b}\n' % (type_.encode(), type_.encode(), part) for part in parts)

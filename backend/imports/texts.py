# imports/texts.py -- texts and times of a file, fit to be stored.
import math
from datetime import UTC, datetime

from clock import utc_now
from models.conversation import MAX_TITLE
from models.shapes import MAX_NAME, VISIBLE_CHARACTER

EPOCH = datetime.fromtimestamp(0, UTC)
# What is larger is no number of seconds of our times, but of milliseconds.
MOST_SECONDS = 100_000_000_000
# As long as an answer of an agent may be.
MAX_CHARACTERS = 1024 * 1024


def clean_text(text: str) -> str:
    """Without NUL and halves of surrogate pairs, which no database holds; U+FFFD stands for each."""
    if text.isascii():
        return text.replace("\0", "\ufffd")
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "\ufffd")


def is_visible(text: str) -> bool:
    return VISIBLE_CHARACTER.search(text) is not None


def shorten(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def read_title(value: object, most: int = MAX_TITLE) -> str | None:
    """One line of at most so many characters; None where nothing is seen of it."""
    if not isinstance(value, str):
        return None
    line = " ".join(clean_text(value[: 8 * most]).split())
    return shorten(line, most) if is_visible(line) else None


def read_speaker(value: object, unnamed: str) -> str:
    return read_title(value, MAX_NAME) or unnamed


def read_seconds(value: object) -> datetime | None:
    """A number of seconds or milliseconds since 1970; None for anything else. Nothing was said in the future."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    seconds = value / 1000 if value > MOST_SECONDS else float(value)
    if seconds < 0 or seconds > MOST_SECONDS:
        return None
    return limit_time(datetime.fromtimestamp(seconds, UTC))


def limit_time(moment: datetime) -> datetime:
    return min(max(moment, EPOCH), utc_now())

# failure_causes.py -- why something failed, in the other side's own words, as one line of a log.
import json
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

LONGEST = 500
# What is looked through for keys; nothing behind it is shown.
LONGEST_READ = 20_000
CUT = "[cut out]"
BACKEND = Path(__file__).resolve().parent
# What looks like a key, whoever's it is: with the word before it, which stays, or alone.
NAMED_KEY = re.compile(
    r"(?i)((?:bearer|basic)\s+|(?:api[-_ ]?key|authorization|access[-_]?token|secret|password|[?&]key)"
    r"[\"'\\]{0,4}\s{0,4}[:=]\s{0,4}[\"'\\]{0,4}(?:(?:bearer|basic)\s+)?)[^\s\"'\\,;&<>(){}\[\]]+"
)
KEY = re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf|r8|nvapi)[-_][\w*.-]{6,}|\bAIza[\w-]{10,}|\beyJ[\w-]{10}[\w.-]*")
PASSWORD_IN_URL = re.compile(r"(://[^\s/:@]{0,200}:)[^\s/@]{1,200}(?=@)")


def in_one_line(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without keys and control characters, cut to LONGEST characters."""
    for secret in secrets:
        for form in {secret, json.dumps(secret)[1:-1], quote(secret, safe="")} - {""}:
            text = text.replace(form, CUT)
    text = text[:LONGEST_READ]
    text = PASSWORD_IN_URL.sub(rf"\1{CUT}", text)
    text = KEY.sub(CUT, NAMED_KEY.sub(rf"\1{CUT}", text))
    words = " ".join(text.split())
    shown = words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"
    return "".join(escaped(character) for character in shown)


def escaped(character: str) -> str:
    """Control characters, of text direction too, and lone surrogates as escapes."""
    return (
        ascii(character)[1:-1] if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co") else character
    )


def cause_of(error: BaseException, secrets: Iterable[str] = ()) -> str:
    """The error and what caused it, the first cause last: what the other side said stands there."""
    said: list[str] = []
    here: BaseException | None = error
    while here is not None and len(said) < 4:
        orig = getattr(here, "orig", None)  # SQLAlchemy's errors repeat their driver's, with the statement
        words = str(orig if isinstance(orig, BaseException) else here)
        if not any(words and words in other for other in said):
            said.append(f"{type(here).__name__}: {words}")
        here = here.__cause__ or (None if here.__suppress_context__ else here.__context__)
    return in_one_line(" <- ".join(said), secrets)


def place_of(error: BaseException) -> str:
    """Where in our code it came up: the last of our lines on its way."""
    place = ""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(BACKEND):
            place = f"{path.relative_to(BACKEND)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place

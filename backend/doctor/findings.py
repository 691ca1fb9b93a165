# doctor/findings.py -- what was found, and what to do about it.
from dataclasses import dataclass
from typing import Literal

# ok: as it should be. note: works, and the operator may want to know. wrong: does not work, or will not.
Verdict = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `cure` is what to do; "" where there is nothing to be done."""

    subject: str
    verdict: Verdict
    text: str
    cure: str = ""


def find_ok(subject: str, text: str) -> Finding:
    return Finding(subject, "ok", text)


def find_note(subject: str, text: str, cure: str = "") -> Finding:
    return Finding(subject, "note", text, cure)


def find_wrong(subject: str, text: str, cure: str) -> Finding:
    return Finding(subject, "wrong", text, cure)

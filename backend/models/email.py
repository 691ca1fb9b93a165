# models/email.py -- an email address: the one form in which it is kept and found, and which ones nobody may take.
from typing import Annotated
from unicodedata import normalize

import regex
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, EmailStr

from models.columns import has_invisible

MAX_EMAIL = 320
# Scripts whose letters are taken for each other's. A part of an address has letters of one of them at most (UTS 39).
ALIKE = [
    regex.compile(rf"\p{{Script={name}}}")
    for name in (
        "Latin",
        "Cyrillic",
        "Greek",
        "Coptic",
        "Armenian",
        "Georgian",
        "Cherokee",
        "Lisu",
        "Deseret",
    )
]
# Letters that look like Latin ones: a part that has no others is read as a Latin one.
LATIN_BY_LOOKS = regex.compile("[асԁеһіјкӏорԛѕтԝхуѵьҽпгѡ]+|[αγικνορτυχω]+")
LETTERS = regex.compile(r"\p{L}")
PARTS = regex.compile(r"[.@+_-]")


def bare(value: object) -> object:
    """EmailStr also takes `Ann <ann@example.com>`, and keeps another text than the one that was typed."""
    if isinstance(value, str) and value.rstrip().endswith(">"):
        raise ValueError("must be an address without a name")
    return value


def folded(text: str) -> str:
    """One text for all that are the same to a reader but for their case: full-width letters, ligatures, ..."""
    return normalize("NFKC", normalize("NFKC", text.strip()).lower())


def clear(value: object) -> object:
    """Refuses what cannot be seen or is taken for another address; one that is too long is left to EmailStr."""
    if not isinstance(value, str) or len(value) > MAX_EMAIL:
        return value
    text = folded(value)
    if has_invisible(value.strip()) or has_invisible(text):
        raise ValueError("must not contain invisible characters")
    for part in PARTS.split(normal_email(value)):
        letters = "".join(LETTERS.findall(part))
        if sum(bool(script.search(letters)) for script in ALIKE) > 1 or LATIN_BY_LOOKS.fullmatch(letters):
            raise ValueError("must not contain letters that look like those of another alphabet")
    return text


def normal_email(text: str) -> str:
    """The one form in which an email is kept and looked up: NFKC, lower case, Unicode domain."""
    text = folded(text[:MAX_EMAIL])
    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return text  # nobody has it


def former_email(text: str) -> str:
    """The form in which it was kept before: NFC, lower case, Unicode domain. Who has such a one signs in with it."""
    text = text.strip()
    try:
        return validate_email(text[:MAX_EMAIL], check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return text.lower()  # nobody has it


# Emails are compared without case and width, so they are stored without.
Email = Annotated[EmailStr, BeforeValidator(clear), BeforeValidator(bare), AfterValidator(normal_email)]

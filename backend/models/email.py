# models/email.py -- email addresses: the form in which they are stored and found, and which ones are refused.
from typing import Annotated
from unicodedata import normalize

import regex
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, EmailStr

from models.shapes import has_invisible

MAX_EMAIL = 320
# Scripts whose letters look alike. A part of an address may have letters of one of them only (UTS 39).
CONFUSABLE_SCRIPTS = [
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
# A part that has only letters that look like Latin ones is read as a Latin word.
LATIN_LOOK_ALIKES = regex.compile("[асԁеһіјкӏорԛѕтԝхуѵьҽпгѡ]+|[αγικνορτυχω]+")
LETTERS = regex.compile(r"\p{L}")
SEPARATORS = regex.compile(r"[.@+_-]")


def refuse_display_name(value: object) -> object:
    """EmailStr accepts `Ann <ann@example.com>`, and would store another text than was typed."""
    if isinstance(value, str) and value.rstrip().endswith(">"):
        raise ValueError("must be an address without a name")
    return value


def fold_text(text: str) -> str:
    """One text for all that look the same but for their case, such as full-width letters and ligatures."""
    return normalize("NFKC", normalize("NFKC", text.strip()).lower())


def refuse_look_alikes(value: object) -> object:
    """Refuse invisible characters and what looks like another address; EmailStr refuses one that is too long."""
    if not isinstance(value, str) or len(value) > MAX_EMAIL:
        return value
    text = fold_text(value)
    if has_invisible(value.strip()) or has_invisible(text):
        raise ValueError("must not contain invisible characters")
    for part in SEPARATORS.split(normalize_email(value)):
        letters = "".join(LETTERS.findall(part))
        if sum(
            bool(script.search(letters)) for script in CONFUSABLE_SCRIPTS
        ) > 1 or LATIN_LOOK_ALIKES.fullmatch(letters):
            raise ValueError("must not contain letters that look like those of another alphabet")
    return text


def normalize_email(text: str) -> str:
    """The form in which emails are stored and found: NFKC, lower case, Unicode domain."""
    text = fold_text(text[:MAX_EMAIL])
    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return text  # not an address, so nobody has it


def normalize_legacy_email(text: str) -> str:
    """The form of emails that were stored by earlier versions, whose users sign in with them: NFC instead of NFKC."""
    text = text.strip()
    try:
        return validate_email(text[:MAX_EMAIL], check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return text.lower()  # not an address, so nobody has it


# Emails are stored without case and width, so that equality compares them without.
Email = Annotated[
    EmailStr,
    BeforeValidator(refuse_look_alikes),
    BeforeValidator(refuse_display_name),
    AfterValidator(normalize_email),
]

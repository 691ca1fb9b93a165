# models/user.py -- users, and the rules of their profile.
import re
from datetime import datetime
from functools import cache
from typing import Annotated, Literal, get_args
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, ConfigDict, StringConstraints, ValidationInfo, field_validator
from pydantic import Field as ApiField
from sqlalchemy import Index, String, UniqueConstraint
from sqlmodel import SQLModel

from models.approval import APPROVAL_POLICIES, ApprovalPolicy
from models.columns import (
    UTCDateTime,
    column,
    id_column,
    nullable_column,
    time_column,
    word_check,
    word_column,
)
from models.email import Email
from models.identity.password_rules import TOO_COMMON, CurrentPassword, NewPassword
from models.shapes import MAX_NAME, STORABLE, ApiModel, Name, Time, optional_field

# As long as RFC 5646 says that a tag may be.
MAX_LANGUAGE = 35
LANGUAGE_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|[0-9]{3}))?", re.A | re.I
)
# The hash of a user who cannot sign in: no password verifies against it.
NO_PASSWORD = "!"  # noqa: S105

UserKind = Literal["person", "agent"]
USER_KINDS: tuple[UserKind, ...] = get_args(UserKind)


@cache
def list_time_zones() -> frozenset[str]:
    """The names of IANA alone: further names differ from machine to machine."""
    return frozenset(available_timezones() - {"Factory", "localtime", "posixrules"})


def check_time_zone(name: str) -> str:
    if name not in list_time_zones():
        raise ValueError("must be an IANA time zone such as Europe/Berlin")
    return name


def normalize_language(tag: str) -> str:
    """The tag as BCP 47 recommends to write it: "zh-Hant-TW". Of its parts language, script and region are taken."""
    m = LANGUAGE_TAG.fullmatch(tag)
    if m is None:
        raise ValueError("must be a language tag of BCP 47 such as de or en-GB")
    parts = (m["language"].lower(), (m["script"] or "").title(), (m["region"] or "").upper())
    return "-".join(part for part in parts if part)


Timezone = Annotated[
    str, StringConstraints(min_length=1, max_length=64), STORABLE, AfterValidator(check_time_zone)
]

LanguageTag = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_LANGUAGE),
    STORABLE,
    AfterValidator(normalize_language),
]
LANGUAGE = ApiField(
    None,
    description="What you want to be spoken to in, where your words do not tell: a tag of BCP 47.",
    examples=["de", "en-GB"],
)


class User(SQLModel, table=True):
    """One with `deleted_at` is being taken away. With `departed_at` all is gone but the row, which messages to people,
    or a group, still name.
    """

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("email", name="users_email_key"),
        word_check("kind", USER_KINDS, "users_kind_check"),
        Index("idx_users_email", "email"),
        Index("idx_users_deleted_at", "deleted_at"),
        Index("idx_users_departed_at_deleted_at", "departed_at", "deleted_at"),
    )

    id: UUID = id_column()
    email: str = column("email", String(255))
    password_hash: str = column("password_hash", String(255))
    created_at: datetime = time_column("created_at")
    updated_at: datetime = time_column("updated_at", on_update=True)
    display_name: str | None = nullable_column("display_name", String(MAX_NAME))
    timezone: str = column("timezone", String(64), default="UTC")
    approval: ApprovalPolicy = word_column("approval", 20, APPROVAL_POLICIES, default="destructive")
    deleted_at: datetime | None = nullable_column("deleted_at", UTCDateTime)
    kind: UserKind = word_column("kind", 10, USER_KINDS, default="person")
    departed_at: datetime | None = nullable_column("departed_at", UTCDateTime)
    language: str | None = nullable_column("language", String(MAX_LANGUAGE))


class UserCreate(ApiModel):
    email: Email = ApiField(examples=["ann@example.com"])
    password: NewPassword = ApiField(examples=["correct horse battery"])
    display_name: Name | None = ApiField(None, examples=["Ann"])
    timezone: Timezone = ApiField("UTC", examples=["Europe/Berlin"])
    language: LanguageTag | None = LANGUAGE

    @field_validator("password")
    @classmethod
    def is_not_the_email(cls, password: str, info: ValidationInfo) -> str:
        email = str(info.data.get("email", "")).casefold()
        if email and password.casefold() in (email, email.partition("@")[0]):
            raise ValueError(TOO_COMMON)
        return password


class UserUpdate(ApiModel):
    """Changes of the profile; a new password needs the current one and ends all other sessions.

    A new email, and `never` for `approval`, need the current one too, or a sign-in of the last minutes.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"timezone": "Europe/Berlin"}]})

    display_name: Name | None = optional_field()
    timezone: Timezone = optional_field()
    language: LanguageTag | None = optional_field()
    approval: ApprovalPolicy = optional_field()
    email: Email = optional_field()
    current_password: CurrentPassword = optional_field()
    new_password: NewPassword = optional_field()


class Confirmation(ApiModel):
    """Proof that the user acts, and not somebody who has stolen an access token."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"current_password": "correct horse battery"}]})

    current_password: CurrentPassword = optional_field()


class UserPublic(ApiModel):
    id: UUID
    email: str
    display_name: str | None
    timezone: str
    language: str | None
    approval: ApprovalPolicy
    created_at: Time
    updated_at: Time

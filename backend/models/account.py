# models/account.py -- accounts: what people work in together or alone, their members, and invitations to them.
from datetime import datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import ConfigDict, StringConstraints
from pydantic import Field as ApiField
from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, UniqueConstraint, Uuid, text
from sqlmodel import Field, SQLModel

from models.columns import (
    UTCDateTime,
    column,
    id_column,
    nullable_column,
    parent_column,
    time_column,
    word_check,
    word_column,
)
from models.email import Email
from models.shapes import MAX_NAME, ApiModel, Name, Time, optional_field

AccountKind = Literal["personal", "team"]
ACCOUNT_KINDS: tuple[AccountKind, ...] = get_args(AccountKind)
# What people may be in an account, the highest first.
GivenRole = Literal["owner", "admin", "member"]
GIVEN_ROLES: tuple[GivenRole, ...] = get_args(GivenRole)
AccountRole = Literal[GivenRole, "agent"]
ACCOUNT_ROLES: tuple[AccountRole, ...] = get_args(AccountRole)
MemberKind = Literal["person", "agent"]

InvitationToken = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Account(SQLModel, table=True):
    """A user's personal account has the user's id. A trigger makes it with the user, and deletes it with them.

    One with `deleted_at` is seen by nobody any more.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        word_check("kind", ACCOUNT_KINDS, "accounts_kind_check"),
        Index("idx_accounts_deleted_at", "deleted_at"),
    )

    id: UUID = id_column()
    name: str = column("name", String(MAX_NAME))
    kind: AccountKind = word_column("kind", 10, ACCOUNT_KINDS)
    created_at: datetime = time_column("created_at")
    updated_at: datetime = time_column("updated_at", on_update=True)
    deleted_at: datetime | None = nullable_column("deleted_at", UTCDateTime)


class AccountMember(SQLModel, table=True):
    """`joined_event_id` is the `id` of the event that told the user of joining: what came before is not for them.

    None: since the account exists. It is no key, because events expire.
    """

    __tablename__ = "account_members"
    __table_args__ = (
        word_check("role", ACCOUNT_ROLES, "account_members_role_check"),
        Index("idx_account_members_user_id", "user_id"),
    )

    account_id: UUID = parent_column("account_id", "accounts.id", "fk_account_members_account_id", key=True)
    user_id: UUID = parent_column("user_id", "users.id", "fk_account_members_user_id", key=True)
    role: AccountRole = word_column("role", 10, ACCOUNT_ROLES)
    joined_at: datetime = time_column("joined_at")
    joined_event_id: int | None = nullable_column("joined_event_id", BigInteger)


class AccountInvitation(SQLModel, table=True):
    """For whoever has this email and the token, of which only the SHA-256 is stored."""

    __tablename__ = "account_invitations"
    __table_args__ = (
        UniqueConstraint("token_hash", name="account_invitations_token_hash_key"),
        word_check("role", GIVEN_ROLES, "account_invitations_role_check"),
        Index("idx_account_invitations_account_id_created_at", "account_id", text("created_at DESC")),
        Index("idx_account_invitations_invited_by", "invited_by"),
        Index("idx_account_invitations_expires_at", "expires_at"),
    )

    id: UUID = id_column()
    account_id: UUID = parent_column("account_id", "accounts.id", "fk_account_invitations_account_id")
    email: str = column("email", String(255))
    role: GivenRole = word_column("role", 10, GIVEN_ROLES)
    token_hash: str = column("token_hash", String(64))
    invited_by: UUID | None = Field(
        default=None,
        sa_column=Column(
            "invited_by",
            Uuid,
            ForeignKey("users.id", name="fk_account_invitations_invited_by", ondelete="SET NULL"),
        ),
    )
    created_at: datetime = time_column("created_at")
    expires_at: datetime = column("expires_at", UTCDateTime)
    accepted_at: datetime | None = nullable_column("accepted_at", UTCDateTime)


class AccountCreate(ApiModel):
    name: Name = ApiField(examples=["Bakery"])


class AccountUpdate(ApiModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Bakery"}]})

    name: Name = optional_field()


class AccountShared(ApiModel):
    """As all members see it: what events show."""

    id: UUID
    name: str = ApiField(examples=["Bakery"])
    kind: AccountKind
    created_at: Time
    updated_at: Time


class AccountPublic(AccountShared):
    role: AccountRole = ApiField(description="The caller's.")


class MemberUpdate(ApiModel):
    role: GivenRole = ApiField(examples=["admin"])


class MemberPublic(ApiModel):
    user_id: UUID
    kind: MemberKind
    name: str | None
    role: AccountRole
    joined_at: Time


class InvitationCreate(ApiModel):
    email: Email = ApiField(examples=["ben@example.com"])
    role: GivenRole = ApiField("member", description="At most the inviter's own.")


class InvitationPublic(ApiModel):
    id: UUID
    email: str
    role: GivenRole
    invited_by: UUID | None
    created_at: Time
    expires_at: Time


class InvitationCreated(InvitationPublic):
    token: str = ApiField(description="Shown only here: Parley stores its hash.")


class InvitationAccept(ApiModel):
    token: InvitationToken = ApiField(examples=["parley_invite_vBSMo1Dn0XvS-I3uFXkMzTNtUwWkP4hK3mCq0NVrBYw"])

# services/auth.py -- register, sign in, refresh, change the password: everything that needs a secret.
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

import access
from access import SYSTEM, Caller
from db import Database, Transaction
from errors import Conflict, Invalid, Unauthorized
from models import AuthSession, RefreshToken, User
from models.columns import now
from models.email import former_email, normal_email
from models.session import TokenPublic
from models.user import UserCreate
from security import AccessClaims, AccessTokens, hash_password, hash_token, new_token, verify_password
from services.hashers import Hashers
from services.limits import (
    PASSWORD_PER_USER,
    REGISTER_PER_ADDRESS,
    SIGN_IN_PER_ADDRESS,
    SIGN_IN_PER_EMAIL,
    Limits,
    network,
)
from services.sessions import revoke_other_sessions
from services.tokens import revoke_tokens

# Two tabs of one browser may refresh at the same moment: that is no theft.
SIBLING_SECONDS = 30
# Registrations, sign-ins and password checks share them.
HASHERS = Hashers()
WRONG = "The email or the password is wrong."


@dataclass(frozen=True, slots=True)
class Device:
    """Where a request comes from, as far as it tells."""

    address: str
    user_agent: str | None = None


@dataclass(frozen=True, slots=True)
class Auth:
    """What signing in needs, built once at startup."""

    db: Database
    tokens: AccessTokens
    limits: Limits
    refresh_lifetime: timedelta


async def hashed(password: str) -> str:
    return await HASHERS.run(hash_password, password)


async def verified(password: str, password_hash: str | None) -> tuple[bool, str | None]:
    return await HASHERS.run(verify_password, password, password_hash)


async def find_user(tx: Transaction, email: str) -> User | None:
    """By the email as it was typed. Whoever has it exactly so, from before, comes first."""
    if not email.strip().isprintable():
        return None  # PostgreSQL cannot compare with NUL or half a surrogate pair; nobody has such an email
    former, normal = former_email(email), normal_email(email)
    statement = access.select(SYSTEM, User).where(col(User.email).in_({former, normal}))
    found = {user.email: user for user in (await tx.execute(statement)).scalars()}
    return found.get(former) or found.get(normal)


async def register_user(auth: Auth, device: Device, new: UserCreate) -> User:
    await auth.limits.hit(REGISTER_PER_ADDRESS, "register", network(device.address))
    return await auth.db.write(create_user, new, await hashed(new.password))


async def create_user(tx: Transaction, new: UserCreate, password_hash: str) -> User:
    user = User.model_validate(new.model_dump(exclude={"password"}), update={"password_hash": password_hash})
    tx.add(user)
    try:
        await tx.flush()
    except IntegrityError as error:
        raise Conflict("This email is taken.") from error
    return user


async def sign_in(auth: Auth, device: Device, email: str, password: str) -> TokenPublic:
    """Unknown email and wrong password cost the same time and give the same answer."""
    typed, email = email, normal_email(email)
    await auth.limits.hit(SIGN_IN_PER_ADDRESS, "sign-in", network(device.address))
    await auth.limits.hit(SIGN_IN_PER_EMAIL, "sign-in", email)
    user = await auth.db.read(find_user, typed)
    right, new_hash = await verified(password, user.password_hash if user else None)
    if user is None or not right:
        raise Unauthorized(WRONG)
    await auth.limits.clear(SIGN_IN_PER_EMAIL, "sign-in", email)
    return await auth.db.write(open_session, auth, device, user, new_hash)


async def open_session(
    tx: Transaction, auth: Auth, device: Device, verified_user: User, new_hash: str | None
) -> TokenPublic:
    user = await access.find(tx, SYSTEM, User, col(User.id) == verified_user.id, lock=True)
    if user is None or user.password_hash != verified_user.password_hash:
        raise Unauthorized(WRONG)  # deleted or changed while the hash was computed
    if new_hash is not None:
        user.password_hash = new_hash
    session = AuthSession(
        user_id=user.id,
        user_agent=device.user_agent,
        address=device.address,
        expires_at=now() + auth.refresh_lifetime,
    )
    tx.add(session)
    await tx.flush()
    return await issue_tokens(tx, auth, session)


async def issue_tokens(tx: Transaction, auth: Auth, session: AuthSession) -> TokenPublic:
    moment = now()
    refresh_token = new_token()
    session.last_used_at = moment
    session.expires_at = moment + auth.refresh_lifetime
    tx.add(
        RefreshToken(
            token_hash=hash_token(refresh_token), session_id=session.id, expires_at=session.expires_at
        )
    )
    await tx.flush()
    return TokenPublic(
        access_token=auth.tokens.encode(AccessClaims(session.user_id, session.id), moment),
        expires_in=int(auth.tokens.lifetime.total_seconds()),
        refresh_token=refresh_token,
    )


async def refresh_session(auth: Auth, refresh_token: str) -> TokenPublic:
    """Rotation: the token is used up and another one given. Reuse of an old one ends the whole family."""
    tokens = await auth.db.write(rotate_token, auth, refresh_token)
    if tokens is None:  # raised only now: the revocation of a family must be committed
        raise Unauthorized("The refresh token does not count any more. Sign in again.")
    return tokens


async def rotate_token(tx: Transaction, auth: Auth, refresh_token: str) -> TokenPublic | None:
    is_it = col(RefreshToken.token_hash) == hash_token(refresh_token)
    known = await access.find(tx, SYSTEM, RefreshToken, is_it)
    if known is None:
        return None
    # Two refreshes of one family run one after the other from here on.
    session = await access.find(tx, SYSTEM, AuthSession, col(AuthSession.id) == known.session_id, lock=True)
    token = await access.find(tx, SYSTEM, RefreshToken, is_it, lock=True)
    moment = now()
    if session is None or token is None or session.revoked_at or token.expires_at <= moment:
        return None
    if token.rotated_at is None:
        token.rotated_at = moment
    elif moment - token.rotated_at >= timedelta(seconds=SIBLING_SECONDS):
        session.revoked_at = moment
        await tx.flush()
        return None
    expired = [col(RefreshToken.session_id) == session.id, col(RefreshToken.expires_at) <= moment]
    await tx.execute(delete(RefreshToken).where(*expired))
    return await issue_tokens(tx, auth, session)


async def end_session_of(tx: Transaction, refresh_token: str) -> UUID | None:
    """Signs out by the refresh token alone, be it used up already; the session, or None where there is none."""
    is_it = col(RefreshToken.token_hash) == hash_token(refresh_token)
    known = await access.find(tx, SYSTEM, RefreshToken, is_it)
    if known is None:
        return None
    session = await access.find(tx, SYSTEM, AuthSession, col(AuthSession.id) == known.session_id, lock=True)
    if session is None:
        return None
    session.revoked_at = session.revoked_at or now()
    await tx.flush()
    return session.id


async def change_password(auth: Auth, caller: Caller, current: str, new: str) -> None:
    """Ends all other sessions of the user, and the access tokens."""
    await auth.limits.hit(PASSWORD_PER_USER, "password", str(caller.user_id))
    user = await auth.db.read(access.get, caller, User, caller.user_id)
    right, _ = await verified(current, user.password_hash)
    if not right:
        raise Invalid("The current password is wrong.", ("body", "current_password"))
    await auth.db.write(store_password, caller, await hashed(new), user.password_hash)


async def store_password(tx: Transaction, caller: Caller, password_hash: str, expected: str | None) -> None:
    """`expected` is the hash that was verified: somebody may have changed it since."""
    user = await access.get(tx, caller, User, caller.user_id, lock=True)
    if expected is not None and user.password_hash != expected:
        raise Conflict("The password was changed a moment ago. Try again.")
    user.password_hash = password_hash
    await revoke_other_sessions(tx, caller)
    await revoke_tokens(tx, caller)  # whoever knew the old password may have made one


async def reset_password(auth_db: Database, email: str, password: str) -> UUID | None:
    """For the operator: sets the password, ends every session and access token; None where nobody has this email."""
    password_hash = await hashed(password)
    user = await auth_db.read(find_user, email)
    if user is None:
        return None
    await auth_db.write(store_password, Caller(user.id, None), password_hash, None)
    return user.id

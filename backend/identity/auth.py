# identity/auth.py -- register, sign in, refresh, change the password: everything that needs a secret.
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID

from sqlalchemy import ColumnElement, delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

import access
from access import SYSTEM, Caller
from clock import utc_now
from db import Database, Transaction
from errors import Conflict, Invalid, Unauthorized
from identity.api_tokens import revoke_tokens
from identity.legacy_hashes import LegacyHashes
from identity.oauth.grants import delete_codes
from identity.password_hashing import HashingPool
from identity.rate_limits import (
    PASSWORD_PER_USER,
    REFRESH_PER_SESSION,
    REGISTER_PER_ADDRESS,
    SIGN_IN_PER_ADDRESS,
    SIGN_IN_PER_EMAIL,
    SIGN_IN_PER_EMAIL_HERE,
    RateLimiter,
    neighbourhood_of,
    network_of,
)
from identity.sessions import (
    end_family,
    fork_session,
    lock_family,
    revoke_other_sessions,
    revoke_surplus_sessions,
)
from identity.users import update_me
from models import AuthSession, RefreshToken, User
from models.email import normalize_email, normalize_legacy_email
from models.identity.session import TokenPublic
from models.user import UserCreate, UserUpdate
from security import (
    JwtClaims,
    JwtSigner,
    hash_password,
    hash_token,
    new_token,
    spend_bcrypt_time,
    verify_password,
)

# The reuse of a refresh token counts as theft only after this long: two tabs of one browser may refresh at the same
# moment, and an answer may be lost.
REUSE_GRACE_SECONDS = 30
# Registrations, sign-ins and password checks share one pool.
HASHING_POOL = HashingPool()
WRONG_CREDENTIALS = "The email or the password is wrong."


@dataclass(frozen=True, slots=True)
class Device:
    """What a request reveals of where it comes from."""

    address: str
    user_agent: str | None = None


@dataclass(frozen=True, slots=True)
class SignInContext:
    """What signing in needs, built once at startup."""

    db: Database
    jwt: JwtSigner
    rate_limiter: RateLimiter
    refresh_lifetime: timedelta
    legacy_hashes: LegacyHashes = field(default_factory=LegacyHashes)


async def hash_in_thread(password: str) -> str:
    return await HASHING_POOL.run(hash_password, password)


async def verify_in_thread(password: str, password_hash: str | None) -> tuple[bool, str | None]:
    return await HASHING_POOL.run(verify_password, password, password_hash)


async def refuse_sign_in(auth: SignInContext, password_hash: str | None) -> NoReturn:
    """Refuse after the same time for every email, even while some users still have a slower bcrypt hash."""
    max_cost = await auth.legacy_hashes.find_max_cost(auth.db, SYSTEM)
    if max_cost:
        await HASHING_POOL.run(spend_bcrypt_time, password_hash, max_cost)
    raise Unauthorized(WRONG_CREDENTIALS)


async def find_user(tx: Transaction, email: str) -> User | None:
    """The person with this email, as typed. A match with an email that is stored in the legacy form comes first."""
    if not email.strip().isprintable():
        return None  # PostgreSQL cannot compare with NUL or half a surrogate pair; nobody has such an email
    legacy, normal = normalize_legacy_email(email), normalize_email(email)
    statement = access.select(SYSTEM, User).where(
        col(User.email).in_({legacy, normal}), col(User.deleted_at).is_(None), col(User.kind) == "person"
    )
    found = {user.email: user for user in (await tx.execute(statement)).scalars()}
    return found.get(legacy) or found.get(normal)


async def register_user(auth: SignInContext, device: Device, new: UserCreate) -> User:
    await auth.rate_limiter.hit(REGISTER_PER_ADDRESS, "register", network_of(device.address))
    return await auth.db.write(create_user, new, await hash_in_thread(new.password))


async def create_user(tx: Transaction, new: UserCreate, password_hash: str) -> User:
    user = User.model_validate(new.model_dump(exclude={"password"}), update={"password_hash": password_hash})
    access.add_row(tx, SYSTEM, user)
    try:
        await tx.flush()
    except IntegrityError as error:
        raise Conflict("This email is taken.", problem="email-taken") from error
    return user


async def sign_in(auth: SignInContext, device: Device, email: str, password: str) -> TokenPublic:
    """Open a session. An unknown email and a wrong password take the same time and get the same answer."""
    typed, email = email, normalize_email(email)
    here = neighbourhood_of(device.address)
    await auth.rate_limiter.hit(SIGN_IN_PER_ADDRESS, "sign-in", network_of(device.address))
    await auth.rate_limiter.hit(SIGN_IN_PER_EMAIL_HERE, "sign-in", email, here)
    await auth.rate_limiter.hit(SIGN_IN_PER_EMAIL, "sign-in", email)
    user = await auth.db.read(find_user, typed)
    matches, new_hash = await verify_in_thread(password, user.password_hash if user else None)
    if user is None or not matches:
        await refuse_sign_in(auth, user.password_hash if user else None)
    await auth.rate_limiter.clear(SIGN_IN_PER_EMAIL_HERE, "sign-in", email, here)
    await auth.rate_limiter.clear(SIGN_IN_PER_EMAIL, "sign-in", email)
    return await auth.db.write(open_session, auth, device, user, new_hash)


async def open_session(
    tx: Transaction, auth: SignInContext, device: Device, verified_user: User, new_hash: str | None
) -> TokenPublic:
    user = await access.find_by_id(tx, SYSTEM, User, verified_user.id, lock=True)
    if user is None or user.password_hash != verified_user.password_hash:
        raise Unauthorized(WRONG_CREDENTIALS)  # deleted or changed while the hash was computed
    if new_hash is not None:
        user.password_hash = new_hash
    session = AuthSession(
        user_id=user.id,
        user_agent=device.user_agent,
        address=device.address,
        expires_at=utc_now() + auth.refresh_lifetime,
    )
    access.add_row(tx, SYSTEM, session)
    await tx.flush()
    await revoke_surplus_sessions(tx, SYSTEM, user.id)
    return await issue_tokens(tx, auth, session)


async def issue_tokens(
    tx: Transaction, auth: SignInContext, session: AuthSession, generation: int = 0
) -> TokenPublic:
    moment = utc_now()
    refresh_token = new_token()
    session.last_used_at = moment
    session.expires_at = moment + auth.refresh_lifetime
    token = RefreshToken(
        token_hash=hash_token(refresh_token),
        session_id=session.id,
        expires_at=session.expires_at,
        generation=generation,
    )
    access.add_row(tx, SYSTEM, token)
    await tx.flush()
    return TokenPublic(
        access_token=auth.jwt.encode(JwtClaims(session.user_id, session.id), moment),
        expires_in=int(auth.jwt.lifetime.total_seconds()),
        refresh_token=refresh_token,
    )


async def refresh_session(auth: SignInContext, refresh_token: str) -> TokenPublic:
    """Rotate the refresh token: this one is used up, and the answer has the next. Reuse ends the whole family."""
    known, tokens = await auth.db.read(find_refresh_token, refresh_token), None
    if known is not None:
        await auth.rate_limiter.hit(
            REFRESH_PER_SESSION, "refresh", str(known.session_id)
        )  # each one is a row
        tokens = await auth.db.write(rotate_token, auth, refresh_token)
    if tokens is None:  # raised after the commit, which keeps the revocation of a family
        raise Unauthorized("The refresh token does not count any more. Sign in again.")
    return tokens


async def find_refresh_token(
    tx: Transaction, refresh_token: str, *, lock: bool = False
) -> RefreshToken | None:
    has_hash = col(RefreshToken.token_hash) == hash_token(refresh_token)
    return await access.find_row(tx, SYSTEM, RefreshToken, has_hash, lock=lock)


async def rotate_token(tx: Transaction, auth: SignInContext, refresh_token: str) -> TokenPublic | None:
    known = await find_refresh_token(tx, refresh_token)
    if known is None:
        return None
    # The lock makes concurrent refreshes of one user follow each other.
    family = await lock_family(tx, SYSTEM, known.session_id)
    token = await find_refresh_token(tx, refresh_token, lock=True)
    moment = utc_now()
    if not family or token is None or family[0].revoked_at or token.expires_at <= moment:
        return None
    session = family[0]
    if token.rotated_at is None:
        token.rotated_at = moment
    elif await is_stolen(tx, token, token.rotated_at, moment):
        await end_family(tx, family, moment)
        return None
    else:
        token.reused_at = moment
        session = await fork_session(tx, session, family, moment)
    expired = [col(RefreshToken.session_id) == session.id, col(RefreshToken.expires_at) <= moment]
    await delete_refresh_tokens(tx, *expired)
    return await issue_tokens(tx, auth, session, token.generation + 1)


async def delete_refresh_tokens(tx: Transaction, *conditions: ColumnElement[bool]) -> None:
    """As SYSTEM: no caller sees a refresh token, not even their own."""
    every = access.visible_condition(SYSTEM, RefreshToken)
    await tx.execute(delete(RefreshToken).where(every, *conditions))


async def is_stolen(tx: Transaction, token: RefreshToken, rotated_at: datetime, moment: datetime) -> bool:
    """Whether the reuse of a rotated token counts as theft.

    One reuse is allowed, within REUSE_GRACE_SECONDS and while the token that followed has not been rotated in turn:
    two tabs reuse a token so, and a browser that did not receive the answer.
    """
    late = moment - rotated_at >= timedelta(seconds=REUSE_GRACE_SECONDS)
    if late or token.reused_at is not None:
        return True
    used_since = access.select(SYSTEM, RefreshToken, col(RefreshToken.token_hash)).where(
        col(RefreshToken.session_id) == token.session_id,
        col(RefreshToken.generation) >= token.generation + 2,
        col(RefreshToken.rotated_at).is_not(None),
    )
    return (await tx.execute(used_since.limit(1))).first() is not None


async def end_session_by_token(tx: Transaction, refresh_token: str) -> UUID | None:
    """End the session of a refresh token, even of a used one; the session's id, or None for an unknown token."""
    known = await find_refresh_token(tx, refresh_token)
    family = await lock_family(tx, SYSTEM, known.session_id) if known else []
    await end_family(tx, family, utc_now())
    return family[0].id if family else None


async def check_password(auth: SignInContext, caller: Caller, current: str) -> User:
    """The caller's user; Invalid if this is not their password."""
    await auth.rate_limiter.hit(PASSWORD_PER_USER, "password", str(caller.user_id))
    user = await auth.db.read(access.get_row, caller, User, caller.user_id)
    matches, _ = await verify_in_thread(current, user.password_hash)
    if not matches:
        raise Invalid(
            "The current password is wrong.", ("body", "current_password"), problem="wrong-password"
        )
    return user


async def change_password(auth: SignInContext, caller: Caller, change: UserUpdate) -> User:
    """Change the password and the other fields sent. Ends the user's other sessions and all API tokens."""
    user = await check_password(auth, caller, change.current_password)
    return await auth.db.write(
        store_password_change, caller, change, await hash_in_thread(change.new_password), user
    )


async def store_password_change(
    tx: Transaction, caller: Caller, change: UserUpdate, password_hash: str, verified_user: User
) -> User:
    await store_password(tx, caller, password_hash, verified_user.password_hash)
    return await update_me(tx, caller, change)


async def store_password(tx: Transaction, caller: Caller, password_hash: str, expected: str | None) -> None:
    """`expected` is the hash that was verified: Conflict if the password was changed since."""
    user = await access.get_row(tx, caller, User, caller.user_id, lock=True)
    if expected is not None and user.password_hash != expected:
        raise Conflict("The password was changed a moment ago. Try again.", problem="password-changed")
    user.password_hash = password_hash
    await revoke_other_sessions(tx, caller)
    if caller.session_id is not None:
        # Only the newest token of this session stays: no older one can end the session or fork it.
        used = col(RefreshToken.rotated_at).is_not(None)
        await delete_refresh_tokens(tx, col(RefreshToken.session_id) == caller.session_id, used)
    await revoke_tokens(tx, caller)  # one may have been created by somebody who knew the old password
    await delete_codes(tx, caller)


async def reset_password(db: Database, email: str, password: str) -> UUID | None:
    """For the operator: set the password, end every session and API token; None if nobody has this email."""
    password_hash = await hash_in_thread(password)
    user = await db.read(find_user, email)
    if user is None:
        return None
    await db.write(store_password, Caller(user.id, None), password_hash, None)
    return user.id

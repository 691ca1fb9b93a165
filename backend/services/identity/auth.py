# services/identity/auth.py -- register, sign in, refresh, change the password: everything that needs a secret.
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn
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
from models.user import UserCreate, UserUpdate
from security import (
    AccessClaims,
    AccessTokens,
    hash_password,
    hash_token,
    new_token,
    verify_password,
    work_like_bcrypt,
)
from services.identity.api_tokens import revoke_tokens
from services.identity.legacy_hashes import OldHashes
from services.identity.password_hashing import Hashers
from services.identity.rate_limits import (
    PASSWORD_PER_USER,
    REFRESH_PER_SESSION,
    REGISTER_PER_ADDRESS,
    SIGN_IN_PER_ADDRESS,
    SIGN_IN_PER_EMAIL,
    SIGN_IN_PER_EMAIL_HERE,
    Limits,
    neighbourhood,
    network,
)
from services.identity.sessions import (
    end_family,
    fork_session,
    lock_family,
    revoke_other_sessions,
    revoke_surplus,
)
from services.identity.users import update_me

# Two tabs of one browser may refresh at the same moment, and an answer may be lost: that is no theft.
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
    old_hashes: OldHashes = field(default_factory=OldHashes)


async def hashed(password: str) -> str:
    return await HASHERS.run(hash_password, password)


async def verified(password: str, password_hash: str | None) -> tuple[bool, str | None]:
    return await HASHERS.run(verify_password, password, password_hash)


async def refuse(auth: Auth, password_hash: str | None) -> NoReturn:
    """A refusal takes as long for whichever email, also where some hashes are still those of former days."""
    most = await auth.old_hashes.find_most(auth.db, SYSTEM)
    if most:
        await HASHERS.run(work_like_bcrypt, password_hash, most)
    raise Unauthorized(WRONG)


async def find_user(tx: Transaction, email: str) -> User | None:
    """By the email as it was typed. Whoever has it exactly so, from before, comes first."""
    if not email.strip().isprintable():
        return None  # PostgreSQL cannot compare with NUL or half a surrogate pair; nobody has such an email
    former, normal = former_email(email), normal_email(email)
    statement = access.select(SYSTEM, User).where(
        col(User.email).in_({former, normal}), col(User.deleted_at).is_(None)
    )
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
    here = neighbourhood(device.address)
    await auth.limits.hit(SIGN_IN_PER_ADDRESS, "sign-in", network(device.address))
    await auth.limits.hit(SIGN_IN_PER_EMAIL_HERE, "sign-in", email, here)
    await auth.limits.hit(SIGN_IN_PER_EMAIL, "sign-in", email)
    user = await auth.db.read(find_user, typed)
    right, new_hash = await verified(password, user.password_hash if user else None)
    if user is None or not right:
        await refuse(auth, user.password_hash if user else None)
    await auth.limits.clear(SIGN_IN_PER_EMAIL_HERE, "sign-in", email, here)
    await auth.limits.clear(SIGN_IN_PER_EMAIL, "sign-in", email)
    return await auth.db.write(open_session, auth, device, user, new_hash)


async def open_session(
    tx: Transaction, auth: Auth, device: Device, verified_user: User, new_hash: str | None
) -> TokenPublic:
    user = await access.find_row(tx, SYSTEM, User, col(User.id) == verified_user.id, lock=True)
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
    await revoke_surplus(tx, SYSTEM, user.id)
    return await issue_tokens(tx, auth, session)


async def issue_tokens(tx: Transaction, auth: Auth, session: AuthSession, generation: int = 0) -> TokenPublic:
    moment = now()
    refresh_token = new_token()
    session.last_used_at = moment
    session.expires_at = moment + auth.refresh_lifetime
    tx.add(
        RefreshToken(
            token_hash=hash_token(refresh_token),
            session_id=session.id,
            expires_at=session.expires_at,
            generation=generation,
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
    known, tokens = await auth.db.read(find_token, refresh_token), None
    if known is not None:
        await auth.limits.hit(REFRESH_PER_SESSION, "refresh", str(known.session_id))  # each one is a row
        tokens = await auth.db.write(rotate_token, auth, refresh_token)
    if tokens is None:  # raised only now: the revocation of a family must be committed
        raise Unauthorized("The refresh token does not count any more. Sign in again.")
    return tokens


async def find_token(tx: Transaction, refresh_token: str, *, lock: bool = False) -> RefreshToken | None:
    is_it = col(RefreshToken.token_hash) == hash_token(refresh_token)
    return await access.find_row(tx, SYSTEM, RefreshToken, is_it, lock=lock)


async def rotate_token(tx: Transaction, auth: Auth, refresh_token: str) -> TokenPublic | None:
    known = await find_token(tx, refresh_token)
    if known is None:
        return None
    # Two refreshes of one person run one after the other from here on.
    family = await lock_family(tx, SYSTEM, known.session_id)
    token = await find_token(tx, refresh_token, lock=True)
    moment = now()
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
    await tx.execute(delete(RefreshToken).where(*expired))
    return await issue_tokens(tx, auth, session, token.generation + 1)


async def is_stolen(tx: Transaction, token: RefreshToken, rotated_at: datetime, moment: datetime) -> bool:
    """Whether a token that comes again has to be in two hands.

    It may come a second time, once, soon, and while nobody has gone far with what it gave the first time: so it is
    with two tabs, and with a browser that did not get the answer.
    """
    late = moment - rotated_at >= timedelta(seconds=SIBLING_SECONDS)
    if late or token.reused_at is not None:
        return True
    used_since = access.select(SYSTEM, RefreshToken, col(RefreshToken.token_hash)).where(
        col(RefreshToken.session_id) == token.session_id,
        col(RefreshToken.generation) >= token.generation + 2,
        col(RefreshToken.rotated_at).is_not(None),
    )
    return (await tx.execute(used_since.limit(1))).first() is not None


async def end_session_of(tx: Transaction, refresh_token: str) -> UUID | None:
    """Signs out by the refresh token alone, be it used up already; the session, or None where there is none."""
    known = await find_token(tx, refresh_token)
    family = await lock_family(tx, SYSTEM, known.session_id) if known else []
    await end_family(tx, family, now())
    return family[0].id if family else None


async def check_password(auth: Auth, caller: Caller, current: str) -> User:
    """The caller, whose password this is; Invalid where it is not."""
    await auth.limits.hit(PASSWORD_PER_USER, "password", str(caller.user_id))
    user = await auth.db.read(access.get_row, caller, User, caller.user_id)
    right, _ = await verified(current, user.password_hash)
    if not right:
        raise Invalid("The current password is wrong.", ("body", "current_password"))
    return user


async def change_password(auth: Auth, caller: Caller, change: UserUpdate) -> User:
    """Ends all other sessions of the user, and the access tokens; what else is in the change happens with it."""
    user = await check_password(auth, caller, change.current_password)
    return await auth.db.write(store_change, caller, change, await hashed(change.new_password), user)


async def store_change(
    tx: Transaction, caller: Caller, change: UserUpdate, password_hash: str, verified_user: User
) -> User:
    await store_password(tx, caller, password_hash, verified_user.password_hash)
    return await update_me(tx, caller, change)


async def store_password(tx: Transaction, caller: Caller, password_hash: str, expected: str | None) -> None:
    """`expected` is the hash that was verified: somebody may have changed it since."""
    user = await access.get_row(tx, caller, User, caller.user_id, lock=True)
    if expected is not None and user.password_hash != expected:
        raise Conflict("The password was changed a moment ago. Try again.")
    user.password_hash = password_hash
    await revoke_other_sessions(tx, caller)
    if caller.session_id is not None:
        # The token with which this session goes on is left: no former one can end it or fork it.
        used = col(RefreshToken.rotated_at).is_not(None)
        await tx.execute(delete(RefreshToken).where(col(RefreshToken.session_id) == caller.session_id, used))
    await revoke_tokens(tx, caller)  # whoever knew the old password may have made one


async def reset_password(auth_db: Database, email: str, password: str) -> UUID | None:
    """For the operator: sets the password, ends every session and access token; None where nobody has this email."""
    password_hash = await hashed(password)
    user = await auth_db.read(find_user, email)
    if user is None:
        return None
    await auth_db.write(store_password, Caller(user.id, None), password_hash, None)
    return user.id

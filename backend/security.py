# security.py -- password hashes, the JWT of a sign-in, opaque secrets: no database.
import base64
import functools
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from jose import jwk, jwt
from jose.exceptions import JOSEError
from passlib.context import CryptContext
from passlib.hash import bcrypt

from clock import utc_now

ALGORITHM = "HS256"
ISSUER = "parley"
AUDIENCE = "parley-api"
TOKEN_TYPE = "access"  # noqa: S105 -- the kind, not a secret
MAX_TOKEN_LENGTH = 2_048
# What stands before the salt of a bcrypt hash, with its cost. A refusal imitates costs up to the maximum, which takes
# over a second.
BCRYPT_HASH = re.compile(r"\$2[abxy]\$(\d\d)\$")
MAX_BCRYPT_COST = 14

# New hashes are argon2id. bcrypt, which document 003 began with, is verified and hashed again at sign-in.
PASSWORD_CONTEXT = CryptContext(schemes=["argon2", "bcrypt"], deprecated=["bcrypt"])


def hash_password(password: str) -> str:
    return str(PASSWORD_CONTEXT.hash(password))


def verify_password(password: str, password_hash: str | None) -> tuple[bool, str | None]:
    """Whether the password matches, and a new hash to store if the present one is out of date.

    `password_hash` is None for an unknown email: the same work is done, and the result is False.
    """
    prime_dummy_hash()
    if password_hash is None:
        PASSWORD_CONTEXT.dummy_verify()
        return False, None
    try:
        matches, new_hash = PASSWORD_CONTEXT.verify_and_update(password, password_hash)
    except ValueError:
        # The libraries refuse some input without hashing it: bcrypt NUL and more than 72 bytes, libpass over 4,096
        # characters, a lone surrogate and an unknown hash. The missing work would reveal a known email.
        matches, new_hash = False, None
        if cost := bcrypt_cost(password_hash):
            hash_with_bcrypt(cost)
        else:
            PASSWORD_CONTEXT.dummy_verify()
    if bcrypt_cost(password_hash) and not matches:
        PASSWORD_CONTEXT.dummy_verify()
    return matches, new_hash


def bcrypt_cost(password_hash: str | None) -> int:
    """12 of `$2b$12$...`; 0 of every other hash."""
    match = BCRYPT_HASH.match(password_hash or "")
    return int(match[1]) if match else 0


def spend_bcrypt_time(password_hash: str | None, max_cost: int) -> None:
    """After verify_password: the work by which a bcrypt hash of `max_cost` is slower. Each cost doubles the work."""
    max_cost = min(max_cost, MAX_BCRYPT_COST)
    cost = bcrypt_cost(password_hash)
    for missing in range(cost, max_cost) if cost else [max_cost]:
        hash_with_bcrypt(missing)


def hash_with_bcrypt(cost: int) -> None:
    bcrypt.using(rounds=cost).hash("nobody's password")


@functools.cache
def prime_dummy_hash() -> None:
    """What a process does once before it verifies anything, whether the email is known or not.

    The first dummy_verify() also makes the hash that it compares with; by this time it would reveal an unknown email.
    Done at startup, it took a fifth of that. Threads that come at once may each do it: they are then equally slow.
    """
    PASSWORD_CONTEXT.dummy_verify()
    hash_with_bcrypt(4)


def new_token() -> str:
    """An opaque secret of 256 bits, for refresh tokens and API tokens."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """SHA-256 in hex. A secret that nobody can guess needs no slow hash, and an index finds this one."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def derive_id(key: bytes, *words: str) -> UUID:
    """The id that belongs to these words: always the same, and unknown to whoever lacks the key."""
    digest = hmac.digest(key, "\n".join(words).encode(), "sha256")
    return UUID(bytes=digest[:16], version=4)


def derive_secret(key: bytes, *words: str) -> str:
    """A secret like `new_token`'s, but always the same for these words: it can be shown again without being kept."""
    digest = hmac.digest(key, "\n".join(("secret", *words)).encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class DerivedToken:
    """An id and a secret that derive from the request and its idempotency key, so that a repeat gives the same."""

    id: UUID
    secret: str


def derive_token(key: bytes, kind: str, new_id: UUID | None) -> DerivedToken | None:
    """The token of this kind whose row has the id; None without an id, for a request without an idempotency key."""
    return None if new_id is None else DerivedToken(new_id, derive_secret(key, kind, str(new_id)))


# How many verified access tokens one worker remembers.
MAX_VERIFIED = 10_000


class InvalidToken(Exception):
    """The access token is not valid. The reason is kept from the client."""


@dataclass(frozen=True, slots=True)
class JwtClaims:
    user_id: UUID
    session_id: UUID


class JwtSigner:
    """Signs and verifies access tokens; the only place that calls python-jose."""

    def __init__(self, key: str, lifetime: timedelta) -> None:
        self.secret = key.encode()
        self.lifetime = lifetime
        self._key = jwk.construct(key, ALGORITHM)  # built once: halves the cost of decoding
        # Verified tokens with their end in seconds since 1970. A client sends the same token with each request, and
        # verifying it takes a tenth of a request's time.
        self._verified: dict[str, tuple[JwtClaims, int]] = {}

    def encode(self, claims: JwtClaims, now: datetime) -> str:
        payload = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "typ": TOKEN_TYPE,
            "sub": str(claims.user_id),
            "sid": str(claims.session_id),
            "iat": now,
            "exp": now + self.lifetime,
        }
        return str(jwt.encode(payload, self._key, ALGORITHM))

    def decode(self, token: str) -> JwtClaims:
        """The claims of a valid token; InvalidToken for every other text."""
        if (verified := self._verified.get(token)) is not None:
            claims, expires = verified
            if expires >= int(utc_now().timestamp()):  # whole seconds, as python-jose compares them
                return claims
            del self._verified[token]
            raise InvalidToken
        claims, expires = self._verify(token)
        if len(self._verified) >= MAX_VERIFIED:
            self._verified.clear()
        self._verified[token] = claims, expires
        return claims

    def _verify(self, token: str) -> tuple[JwtClaims, int]:
        if len(token) > MAX_TOKEN_LENGTH:
            raise InvalidToken
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != ALGORITHM or "crit" in header:
                raise InvalidToken
            payload = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require_exp": True, "require_sub": True, "require_aud": True, "require_iss": True},
            )
            if payload.get("typ") != TOKEN_TYPE:
                raise InvalidToken
            return JwtClaims(UUID(payload["sub"]), UUID(payload["sid"])), int(payload["exp"])
        except (
            JOSEError,
            RecursionError,
            ValueError,
            OverflowError,
            KeyError,
            TypeError,
            AttributeError,
        ) as error:
            raise InvalidToken from error

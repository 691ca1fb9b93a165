# security.py -- password hashes, access tokens, opaque tokens: pure functions, no database.
import base64
import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from jose import jwk, jwt
from jose.exceptions import JOSEError
from passlib.context import CryptContext
from passlib.hash import bcrypt

ALGORITHM = "HS256"
ISSUER = "parley"
AUDIENCE = "parley-api"
ACCESS = "access"
MAX_TOKEN_LENGTH = 2_048
# What is before the salt of a bcrypt hash, and the highest cost that refusals are made to take: over a second.
BCRYPT = re.compile(r"\$2[abxy]\$(\d\d)\$")
MOST_BCRYPT = 14

# argon2id for new hashes. bcrypt, as in document 003's days, verifies and is re-hashed at sign-in.
passwords = CryptContext(schemes=["argon2", "bcrypt"], deprecated=["bcrypt"])


def hash_password(password: str) -> str:
    return str(passwords.hash(password))


def verify_password(password: str, password_hash: str | None) -> tuple[bool, str | None]:
    """Whether the password is right, and a new hash to store where the old one is out of date.

    `password_hash` is None for an unknown email: the same work is done, the answer is no.
    """
    if password_hash is None:
        passwords.dummy_verify()
        return False, None
    try:
        right, new_hash = passwords.verify_and_update(password, password_hash)
    except ValueError:
        # Refused unread: NUL and more than 72 bytes by bcrypt; over 4,096 characters, half a surrogate pair and
        # a hash that it does not know by libpass. Without the same work the time would tell a known email.
        right, new_hash = False, None
        if cost := bcrypt_cost(password_hash):
            hash_with_bcrypt(cost)
        else:
            passwords.dummy_verify()
    if bcrypt_cost(password_hash) and not right:
        passwords.dummy_verify()
    return right, new_hash


def bcrypt_cost(password_hash: str | None) -> int:
    """12 of `$2b$12$...`; 0 of every other hash."""
    found = BCRYPT.match(password_hash or "")
    return int(found[1]) if found else 0


def work_like_bcrypt(password_hash: str | None, most: int) -> None:
    """What is missing, after verify_password, to a bcrypt hash of cost `most`: each cost is twice the work."""
    most = min(most, MOST_BCRYPT)
    for cost in range(bcrypt_cost(password_hash), most) if bcrypt_cost(password_hash) else [most]:
        hash_with_bcrypt(cost)


def hash_with_bcrypt(cost: int) -> None:
    bcrypt.using(rounds=cost).hash("nobody's password")


def warm_up() -> None:
    """The first dummy hash also makes what later ones compare with: done here, no sign-in shows it by its time."""
    passwords.dummy_verify()
    hash_with_bcrypt(4)


def new_token() -> str:
    """An opaque secret of 256 bits, for refresh tokens and keys."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """SHA-256 in hex: enough for a secret that nobody can guess, and one index look-up finds it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


# Verified access tokens that a worker remembers.
MOST_VERIFIED = 10_000


class BadToken(Exception):
    """The access token does not count; why is nobody's business."""


@dataclass(frozen=True, slots=True)
class AccessClaims:
    user_id: UUID
    session_id: UUID


class AccessTokens:
    """Makes and reads our JWTs; the only place that calls python-jose."""

    def __init__(self, key: str, lifetime: timedelta) -> None:
        self._secret = key.encode()
        self._key = jwk.construct(key, ALGORITHM)  # built once: halves the cost of decoding
        self.lifetime = lifetime
        # What was verified, with its end in seconds since 1970: a client sends the same token with each request, and to
        # verify one costs a tenth of a request.
        self._verified: dict[str, tuple[AccessClaims, int]] = {}

    def encode(self, claims: AccessClaims, now: datetime) -> str:
        payload = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "typ": ACCESS,
            "sub": str(claims.user_id),
            "sid": str(claims.session_id),
            "iat": now,
            "exp": now + self.lifetime,
        }
        return str(jwt.encode(payload, self._key, ALGORITHM))

    def derived_id(self, *words: str) -> UUID:
        """An id that only we can derive from the words, always the same; in form a random UUID."""
        digest = hmac.digest(self._secret, "\n".join(words).encode(), "sha256")
        return UUID(bytes=digest[:16], version=4)

    def derived_secret(self, *words: str) -> str:
        """As `new_token`, but always the same for these words: so it can be shown again and need not be kept."""
        digest = hmac.digest(self._secret, "\n".join(("secret", *words)).encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def decode(self, token: str) -> AccessClaims:
        """The claims of a valid token; BadToken for every other text."""
        if (known := self._verified.get(token)) is not None:
            claims, expires = known
            if expires >= int(time.time()):  # as python-jose compares
                return claims
            del self._verified[token]
            raise BadToken
        claims, expires = self._verify(token)
        if len(self._verified) >= MOST_VERIFIED:
            self._verified.clear()
        self._verified[token] = claims, expires
        return claims

    def _verify(self, token: str) -> tuple[AccessClaims, int]:
        if len(token) > MAX_TOKEN_LENGTH:
            raise BadToken
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != ALGORITHM or "crit" in header:
                raise BadToken
            payload: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require_exp": True, "require_sub": True, "require_aud": True, "require_iss": True},
            )
            if payload.get("typ") != ACCESS:
                raise BadToken
            return AccessClaims(UUID(payload["sub"]), UUID(payload["sid"])), int(payload["exp"])
        except (
            JOSEError,
            RecursionError,
            ValueError,
            OverflowError,
            KeyError,
            TypeError,
            AttributeError,
        ) as error:
            raise BadToken from error

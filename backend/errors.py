# errors.py -- what can go wrong and is told to the client.
from collections.abc import Sequence
from typing import ClassVar

INTERNAL_ERROR = "Something went wrong on our side."
RETRY_SECONDS = 2


class ParleyError(Exception):
    """Base of the errors that are told to the client; `detail` is a sentence for a person.

    `members` are further members of the problem, for a program (RFC 9457, 3.2).
    """

    status: ClassVar[int] = 400
    headers: dict[str, str] | None = None

    def __init__(self, detail: str, **members: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.members = members


class Unauthorized(ParleyError):
    status = 401

    def __init__(self, detail: str = "Sign in first: the access token is missing, wrong or expired.") -> None:
        super().__init__(detail)
        self.headers = {"WWW-Authenticate": "Bearer"}


class Forbidden(ParleyError):
    """For what a caller may never do; other people's rows are NotFound, never this."""

    status = 403


class PasswordRequired(Forbidden):
    """For a caller who is let in, but has to give the password once more: a program knows it by the type."""

    def __init__(self) -> None:
        super().__init__(
            "Give your current password with this, or sign in anew.",
            type="urn:parley:problem:password-required",
            title="Password Required",
        )


class NotFound(ParleyError):
    """Missing and forbidden alike, so that nobody learns what others have."""

    status = 404

    def __init__(self, noun: str) -> None:
        super().__init__(f"There is no such {noun}.")


class Conflict(ParleyError):
    status = 409


class Invalid(ParleyError):
    """A value that only the code, not the schema, can refuse; `loc` says where it stood."""

    status = 422

    def __init__(self, detail: str, loc: Sequence[str | int] = ()) -> None:
        super().__init__(detail)
        self.loc = tuple(loc)


class TooManyRequests(ParleyError):
    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many attempts. Try again in {retry_after} seconds.")
        self.retry_after = retry_after
        self.headers = {"Retry-After": str(retry_after)}


class TooManyAtOnce(ParleyError):
    """The caller has too much going on already; `retry_after` are seconds, where that says when to come back."""

    status = 429

    def __init__(self, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        if retry_after is not None:
            self.headers = {"Retry-After": str(retry_after)}


class Gone(ParleyError):
    """It was there, and the caller has deleted it."""

    status = 410


class MisdirectedRequest(ParleyError):
    """For another host than this server's."""

    status = 421


class Unavailable(ParleyError):
    status = 503


class DatabaseBusy(Unavailable):
    """The database is locked, full, away or has too much to do; `logged_as` says which, for the operator alone."""

    def __init__(self, logged_as: str) -> None:
        super().__init__("The database does not answer in time. Try again in a moment.")
        self.logged_as = logged_as
        self.headers = {"Retry-After": str(RETRY_SECONDS)}

# errors/ -- the exceptions that become answers, each with its HTTP status; server/problems.py makes the answers.
#
# ParleyError
# |-- Unauthorized       401
# |   `-- InvalidCredential
# |-- Forbidden          403
# |   |-- InsufficientScope
# |   `-- PasswordRequired
# |-- NotFound           404
# |-- Conflict           409
# |-- Gone               410
# |-- PreconditionFailed 412
# |-- TooLarge           413
# |-- UnsupportedMediaType 415
# |-- MisdirectedRequest 421
# |-- Invalid            422
# |   `-- InvalidAppRequest
# |-- TooManyRequests    429  too many attempts in a time
# |-- TooManyAtOnce      429  too many at the same time
# `-- Unavailable        503
#     `-- DatabaseBusy
from collections.abc import Sequence
from typing import ClassVar

INTERNAL_ERROR = "Something went wrong on our side."
RETRY_SECONDS = 2
RETRY_AT_ONCE_SECONDS = 5
# How a client authenticates, in the WWW-Authenticate header.
CHALLENGE = "Bearer"


class ParleyError(Exception):
    """Base of the errors that a client gets to see; `detail` is a sentence for a person.

    `problem` is a key of PROBLEM_TYPES, by which a program tells faults of one status apart; None is the status' own.
    `members` are extension members of the problem (RFC 9457, section 3.2).
    """

    status: ClassVar[int] = 400
    headers: dict[str, str] | None = None

    def __init__(self, detail: str, *, problem: str | None = None, **members: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problem = problem
        self.members = members


class Unauthorized(ParleyError):
    status = 401

    def __init__(
        self,
        detail: str = "Sign in first: the access token is missing, wrong or expired.",
        problem: str | None = None,
    ) -> None:
        super().__init__(detail, problem=problem)
        self.headers = {"WWW-Authenticate": CHALLENGE}


class InvalidCredential(Unauthorized):
    """An access token or an API token came that does not count (RFC 6750, section 3.1)."""

    def __init__(self) -> None:
        super().__init__(problem="invalid-token")
        self.headers = {"WWW-Authenticate": f'{CHALLENGE} error="invalid_token"'}


class Forbidden(ParleyError):
    """The caller may never do this. A row of another user is NotFound, never Forbidden."""

    status = 403


class InsufficientScope(Forbidden):
    """An API token counts, but not here (RFC 6750, section 3.1). `scope` would do; None where no scope does."""

    def __init__(self, scope: str | None) -> None:
        super().__init__(
            "No API token may do this, whatever its scopes: sign in."
            if scope is None
            else f"This API token does not have the scope {scope}.",
            problem="insufficient-scope",
        )
        needed = "" if scope is None else f', scope="{scope}"'
        self.headers = {"WWW-Authenticate": f'{CHALLENGE} error="insufficient_scope"{needed}'}


class PasswordRequired(Forbidden):
    """The caller is signed in but must confirm with the password; a program recognises it by the problem's type."""

    def __init__(self) -> None:
        super().__init__(
            "Give your current password with this, or sign in anew.", problem="password-required"
        )


class NotFound(ParleyError):
    """The same for a missing and for a forbidden row, so that a caller cannot find out what others have."""

    status = 404

    def __init__(self, noun: str) -> None:
        super().__init__(f"There is no such {noun}.")


class Conflict(ParleyError):
    status = 409


class Invalid(ParleyError):
    """A value that the code refuses and the schema cannot; `loc` says where it stood in the request."""

    status = 422

    def __init__(self, detail: str, loc: Sequence[str | int] = (), problem: str | None = None) -> None:
        super().__init__(detail, problem=problem)
        self.loc = tuple(loc)


class InvalidAppRequest(Invalid):
    """An app has sent a person here with what does not hold; `redirect_to` tells the app so, where that is safe."""

    def __init__(self, detail: str, redirect_to: str | None = None) -> None:
        super().__init__(detail, problem="app-request")
        if redirect_to is not None:
            self.members = {"redirect_to": redirect_to}


class TooManyRequests(ParleyError):
    status = 429

    def __init__(self, retry_after: int, quota: int, window: int) -> None:
        """`retry_after` and `window` are in seconds; `quota` attempts are free in each window."""
        super().__init__(f"Too many attempts. Try again in {retry_after} seconds.")
        self.retry_after = retry_after
        self.headers = {
            "Retry-After": str(retry_after),
            "RateLimit-Policy": f'"attempts";q={quota};w={window}',
            "RateLimit": f'"attempts";r=0;t={retry_after}',
        }


class TooManyAtOnce(ParleyError):
    """The caller has too much open or queued at the same time."""

    status = 429

    def __init__(self, detail: str, *, problem: str) -> None:
        super().__init__(detail, problem=problem)
        self.headers = {"Retry-After": str(RETRY_AT_ONCE_SECONDS)}


class Gone(ParleyError):
    """The caller has deleted it."""

    status = 410


class PreconditionFailed(ParleyError):
    """The row is not as the caller has read it: If-Match names another entity tag."""

    status = 412

    def __init__(self) -> None:
        super().__init__("It has changed since you read it. Read it again.")


class UnsupportedMediaType(ParleyError):
    """The route takes a body of another media type, which `taken` names."""

    status = 415

    def __init__(self, taken: str) -> None:
        super().__init__(f"Send the body as {taken}.")


class TooLarge(ParleyError):
    """The body is longer than this route takes, which was found out while it arrived."""

    status = 413


class MisdirectedRequest(ParleyError):
    """The request names a host that is not this server."""

    status = 421


class Unavailable(ParleyError):
    status = 503


class DatabaseBusy(Unavailable):
    """The database is locked, full, unreachable or overloaded; `logged_as` says which, for the log alone."""

    def __init__(self, logged_as: str) -> None:
        super().__init__(
            "The database does not answer in time. Try again in a moment.", problem="database-busy"
        )
        self.logged_as = logged_as
        self.headers = {"Retry-After": str(RETRY_SECONDS)}

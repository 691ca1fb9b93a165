# server/preferences.py -- the Prefer header (RFC 7240): what a client would like of its answer.
from starlette.types import Scope


def read_preferences(scope: Scope) -> dict[str, str]:
    """The preferences of a request by their names in lower case; of two values of one the first counts."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name != b"prefer":
            continue
        for preference in value.decode("latin-1").split(","):
            token, _, wanted = preference.partition(";")[0].partition("=")
            found.setdefault(token.strip().lower(), wanted.strip().strip('"'))
    return found

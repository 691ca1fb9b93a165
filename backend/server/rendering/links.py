# server/rendering/links.py -- which bare addresses in a text are links.
from linkify_it import LinkifyIt  # type: ignore[import-untyped]
from linkify_it.main import Match  # type: ignore[import-untyped]

WITHOUT_SCHEME = "www."


def measure_rest(linkify: LinkifyIt, text: str, at: int) -> int:
    """How long the address is that goes on here, behind its beginning."""
    length: int = linkify.test_schema_at(text, "//", at)
    return length


def add_scheme(linkify: LinkifyIt, match: Match) -> None:
    match.url = f"https://{match.url}"


def read_addresses(linkify: LinkifyIt) -> None:
    """Those with a scheme, and those that begin with www.: a bare `todo.py` is a file, although .py is a domain."""
    linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    linkify.add(WITHOUT_SCHEME, {"validate": measure_rest, "normalize": add_scheme})

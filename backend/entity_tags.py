# entity_tags.py -- entity tags, by which a client tells whether something is still as it knows it (RFC 9110).
from xxhash import xxh3_128_hexdigest

WEAK = "W/"


def make_etag(body: bytes) -> str:
    """The entity tag of an answer with this body.

    Every list has one: a cryptographic hash would take longer than everything else that a route adds.
    """
    return f'"{xxh3_128_hexdigest(body)}"'


def list_tags(header: str) -> list[str]:
    """The tags of an If-Match or If-None-Match header; a weak one with its mark."""
    return [tag.strip() for tag in header.split(",")]


def is_known(if_none_match: str, etag: str) -> bool:
    """Whether the header names the tag, weak or not, or whatever there is."""
    known = {tag.removeprefix(WEAK) for tag in list_tags(if_none_match)}
    return not known.isdisjoint({etag.removeprefix(WEAK), "*"})

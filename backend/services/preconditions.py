# services/preconditions.py -- entity tags: a change is made only to what its caller has seen (RFC 9110, section 13).
from pydantic import BaseModel
from xxhash import xxh3_128_hexdigest

from errors import PreconditionFailed


def make_etag(body: bytes) -> str:
    """The entity tag of an answer with this body.

    Every list has one: a cryptographic hash would take longer than everything else that a route adds.
    """
    return f'"{xxh3_128_hexdigest(body)}"'


def list_tags(header: str) -> list[str]:
    """The tags of an If-Match or If-None-Match header; a weak one with its mark."""
    return [tag.strip() for tag in header.split(",")]


def require_match(if_match: str, shown: BaseModel) -> None:
    """PreconditionFailed unless the header names what the caller would be shown now. The row is locked."""
    if if_match.strip() != "*" and make_etag(shown.model_dump_json().encode()) not in list_tags(if_match):
        raise PreconditionFailed

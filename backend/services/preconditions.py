# services/preconditions.py -- a change is made only to what its caller has seen (RFC 9110, section 13).
from pydantic import BaseModel

from entity_tags import list_tags, make_etag
from errors import PreconditionFailed


def require_match(if_match: str, shown: BaseModel) -> None:
    """PreconditionFailed unless the header names what the caller would be shown now. The row is locked."""
    if if_match.strip() != "*" and make_etag(shown.model_dump_json().encode()) not in list_tags(if_match):
        raise PreconditionFailed

# llm/token_counts.py -- how many tokens a provider says it counted.
import structlog
from structlog.typing import FilteringBoundLogger

from models.columns import MAX_COUNT, to_count

log: FilteringBoundLogger = structlog.get_logger()


def read_token_count(what: str, tokens: object) -> int:
    """The count as a storable integer: a fraction is rounded, an impossible value becomes 0."""
    if not is_possible(tokens):
        log.warning("the provider's token count is invalid", which=what, count=repr(tokens)[:100])
    return peek_token_count(tokens)


def peek_token_count(tokens: object) -> int:
    """The same of a count that another one follows: nothing is logged."""
    return to_count(tokens) if is_possible(tokens) else 0


def is_possible(tokens: object) -> bool:
    return isinstance(tokens, (int, float)) and 0 <= tokens <= MAX_COUNT

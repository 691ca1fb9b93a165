# llm/token_counts.py -- how many tokens a provider says it counted.
import structlog
from structlog.typing import FilteringBoundLogger

from models.columns import MAX_COUNT, to_count

log: FilteringBoundLogger = structlog.get_logger()


def read_token_count(what: str, tokens: object) -> int:
    """The count as a storable integer: a fraction is rounded, an impossible value becomes 0."""
    if isinstance(tokens, (int, float)) and 0 <= tokens <= MAX_COUNT:
        return to_count(tokens)
    log.warning("the provider's token count is invalid", which=what, count=repr(tokens)[:100])
    return 0

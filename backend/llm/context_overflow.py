# llm/context_overflow.py -- knows a request that was too long for the model by what its provider says.
import re

# One way to say it a line; tests/llm/providers/test_context_overflow.py has the sentences of each server.
_OVERFLOW = re.compile(
    "|".join(
        (
            r"context[_ -]?(?:length|window|size|limit)[_ -]?(?:is |was |has been )?(?:exceed|too)",
            r"exceed[\w '’]{0,50}[ _]context",
            r"context (?:length|window|size|limit) of (?:only |at most )?[\d,]+",
            r"context overflow|overflows? the context|context the overflows",
            r"max\w* (?:context|model|prompt|input|sequence)[ _](?:length|window|size|tokens?|len)\b",
            r"(?:prompt|input|message|request|conversation|context)s? (?:is|are|was|were) too (?:long|large)",
            r"too (?:long|large) for (?:the |this |requested )?(?:model|context)",
            r"longer than the (?:model'?s? )?(?:maximum )?context",
            r"greater than the context length",
            r"(?:input|prompt)[\w ]{0,20} token[\w ]{0,20}\(?[\d,]*\)?[\w ]{0,20} exceed",
            r"(?:inputs?|prompt)[\w` ]{0,20} tokens? (?:\+|and) `?max_new_tokens`? must be",
            r"exceed(?:s|ed|ing)? (?:the )?(?:model'?s? )?(?:token|input token|prompt token|max\w* token|max\w* input)"
            r"(?: limit| length| count)?",
            r"(?:token|input) (?:limit|count|length)\w* exceed",
            r"exceeds? the (?:limit|maximum)(?: number)? of [\d,]+ (?:input )?tokens?",
            r"too many (?:input |prompt )?tokens(?! per| in a minute|,? (?:please )?(?:wait|try again|slow))",
            r"reduce the length of (?:the|your|either)",
            r"string_above_max_length|model_context_window_exceeded|request_too_large|prompt_too_long",
            r"prompt contains [\d,]+ tokens",
            r"kv[- ]?cache (?:is full|has no room)",
        )
    ),
    re.IGNORECASE,
)
# What is said of rates and quotas, not of one request.
_RATE = re.compile(
    r"per[ -](?:minute|min|day|hour|second)|\b[tr]pm\b|\btpd\b|rate.?limit|quota", re.IGNORECASE
)
MAX_READ_CHARACTERS = 4_000


def is_context_overflow(words: str, status: int | None = None) -> bool:
    """`words`: the provider's error, its code included. A limit of tokens per minute is none of the context."""
    words = words[:MAX_READ_CHARACTERS]
    if status in (401, 402, 403, 404) or (_RATE.search(words) and not names_context(words)):
        return False
    return status == 413 or _OVERFLOW.search(words) is not None


def names_context(words: str) -> bool:
    return re.search(r"context[_ -](?:length|window|size)", words, re.IGNORECASE) is not None

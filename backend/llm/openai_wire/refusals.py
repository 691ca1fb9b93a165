# llm/openai_wire/refusals.py -- parts of a request that a provider may refuse, and how it says so.
import re
from collections.abc import Set
from dataclasses import dataclass
from typing import Literal

from llm.openai_wire.failures import ProviderRefusal

Part = Literal[
    "stream_options",
    "parallel_tool_calls",
    "store",
    "max_tokens",
    "max_completion_tokens",
    "default reasoning",
    "reasoning of earlier steps",
    "system role",
    "streaming with tools",
    "tools",
]
_NOT = r"(?:not|n['’]t)"
_STATES = "supported|support|enabled|allowed|permitted|available|compatible"
_UNSUPPORTED = rf"(?:{_NOT} (?:currently )?(?:{_STATES})|unsupported)"


@dataclass(frozen=True)
class Wording:
    """A part, and what servers say that do not take it."""

    part: Part
    pattern: re.Pattern[str]


def word(part: Part, *patterns: str) -> Wording:
    return Wording(part, re.compile("|".join(patterns), re.IGNORECASE))


# From the narrow to the wide: the first that fits, of the parts that were sent, is the one that is left out.
WORDINGS = (
    word("stream_options", r"stream_options|include_usage"),
    word("parallel_tool_calls", r"parallel_tool_calls|parallel (?:tool|function) call"),
    word("max_tokens", r"'max_tokens'.{0,40}" + _UNSUPPORTED, _UNSUPPORTED + r".{0,40}\bmax_tokens\b",
         r"use '?max_completion_tokens"),
    word("max_completion_tokens", r"max_completion_tokens.{0,60}(?:" + _UNSUPPORTED + r"|extra|unknown|unrecognized)",
         r"(?:" + _UNSUPPORTED + r"|extra|unknown|unrecognized).{0,60}max_completion_tokens"),
    word("store", r"['\"`.\[]store['\"`\]]", r"\bstore\b.{0,30}" + _UNSUPPORTED),
    word("default reasoning", r"tools.{0,60}reasoning|reasoning_effort.{0,60}(?:tools|'none')"),
    word("reasoning of earlier steps", r"reasoning_content|reasoning_details|\breasoning\b.{0,40}" + _UNSUPPORTED,
         r"(?:extra|unknown|unrecognized|unexpected).{0,60}\breasoning\b", r"extra_content|thought_signature"),
    word("system role", r"system (?:role|message|prompt|instruction)s?.{0,30}" + _UNSUPPORTED,
         r"developer instruction.{0,30}" + _UNSUPPORTED, r"not support (?:the )?['\"`]?system",
         r"(?:unexpected|invalid|unknown|unsupported) role:?.{0,10}system", r"only user(?:,| and) .{0,40}roles? ",
         r"roles must alternate user/assistant"),
    word("streaming with tools", r"tools?(?: use| call\w*)? (?:in|with|when|while) stream(?:ing)?\b",
         r"stream(?:ing)?\b.{0,40}" + _UNSUPPORTED + r".{0,40}tool",
         r"tool.{0,40}" + _UNSUPPORTED + r".{0,40}stream(?:ing)?\b"),
    word("tools", _NOT + r" support (?:the use of )?(?:tool|function)",
         r"(?:tool|function)[ _-]?(?:use|call\w*|s)?\W{0,3}(?:is |are |was )?" + _UNSUPPORTED,
         r"function calling is not", r"no endpoints found that support tool",
         r"tool choice requires|tools? param requires", r"(?:extra|unknown|unrecognized|unsupported).{0,60}\btools\b"),
)  # fmt: skip
# What cannot be cured by leaving something out.
_HOPELESS = frozenset((401, 402, 403, 408, 429, 529))


def find_refused_part(refusal: ProviderRefusal, sent: Set[Part]) -> Part | None:
    """The part of `sent` that the provider does not take; None where it says something else."""
    if refusal.status in _HOPELESS:
        return None
    return next((w.part for w in WORDINGS if w.part in sent and w.pattern.search(refusal.words)), None)

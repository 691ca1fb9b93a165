# support/llm/offline/utterances/ -- what people say, and exactly which tool calls the offline model answers with.
from support.llm.offline.utterances.adding import ADDING
from support.llm.offline.utterances.bulk import BULK
from support.llm.offline.utterances.changing import CHANGING
from support.llm.offline.utterances.listed import LISTED
from support.llm.offline.utterances.looking import LOOKING, NOTHING
from support.llm.offline.utterances.meant import ASKING
from support.llm.offline.utterances.planned import PLANNED
from support.llm.offline.utterances.reminding import REMINDING
from support.llm.offline.utterances.repeating import REPEATING
from support.llm.offline.utterances.said import HOME, MILKS, Said
from support.llm.offline.utterances.talking import TALKING

__all__ = ["HOME", "MILKS", "TABLE", "Said"]

TABLE: list[Said] = [
    *(Said(text, tuple(calls)) for text, calls in ADDING.items()),
    *(Said(text, tuple(calls), (), HOME) for text, calls in LOOKING.items()),
    *(Said(text, (), (), HOME) for text in NOTHING),
    *CHANGING,
    *ASKING,
    *LISTED,
    *BULK,
    *PLANNED,
    *REPEATING,
    *REMINDING,
    *TALKING,
]

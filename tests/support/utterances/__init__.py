# support/utterances/ -- what people say, and exactly which tool calls the offline model answers with.
from support.utterances.adding import ADDING
from support.utterances.changing import CHANGING
from support.utterances.looking import LOOKING, NOTHING
from support.utterances.said import HOME, MILKS, Said
from support.utterances.talking import TALKING

__all__ = ["HOME", "MILKS", "TABLE", "Said"]

TABLE: list[Said] = [
    *(Said(text, tuple(calls)) for text, calls in ADDING.items()),
    *(Said(text, tuple(calls), (), HOME) for text, calls in LOOKING.items()),
    *(Said(text, (), (), HOME) for text in NOTHING),
    *CHANGING,
    *TALKING,
]

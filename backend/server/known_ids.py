# server/known_ids.py -- which conversations are of people, as far as this worker has met them.
from uuid import UUID

MAX_KNOWN = 50_000


class SharedConversations:
    """The ids of conversations of people. A conversation keeps its kind, and who may see it is asked each time anew, so
    that an id here only says which way a message goes.
    """

    def __init__(self) -> None:
        self._ids: dict[UUID, None] = {}

    def __contains__(self, conversation_id: UUID) -> bool:
        return conversation_id in self._ids

    def add(self, conversation_id: UUID) -> None:
        """Remember one, and forget the one that was met longest ago where there are too many."""
        self._ids[conversation_id] = None
        if len(self._ids) > MAX_KNOWN:
            del self._ids[next(iter(self._ids))]

# group_books.py -- what those in a group know and heard, compared with the database; everything must be 0.
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from chaos.listeners import Heard
from chaos.people import GroupBooks

Rows = Callable[[str], list[Any]]


def check_messages(rows: Rows, group: GroupBooks) -> dict[str, int]:
    stored = rows(
        "SELECT id, user_id, client_id, seq FROM messages "
        f"WHERE conversation_id = '{group.group_id}' ORDER BY seq"
    )
    [last] = rows(f"SELECT last_seq FROM conversations WHERE id = '{group.group_id}'")
    numbers = [row.seq for row in stored]
    seq_of = {str(row.id): row.seq for row in stored}
    copies = Counter(row.client_id for row in stored)
    marks = {
        str(row.user_id): row.last_read_seq
        for row in rows(
            "SELECT user_id, last_read_seq FROM conversation_participants "
            f"WHERE conversation_id = '{group.group_id}'"
        )
    }
    staying = [user_id for user_id in group.posted if user_id not in group.guests]
    told = Counter(
        row.message_id
        for row in rows(
            "SELECT payload -> 'message' ->> 'id' AS message_id FROM events "
            f"WHERE type = 'message.created' AND audience_id = '{group.group_id}'"
        )
    )
    acknowledged = [each for posted in group.posted.values() for each in posted]
    return {
        "numbers missing or doubled in the group": int(numbers != list(range(1, last.last_seq + 1))),
        "acknowledged messages of the group lost": sum(id_ not in seq_of for _, id_ in acknowledged),
        "messages of the group doubled": sum(count - 1 for count in copies.values()),
        "messages of the group not told once": sum(told[id_] != 1 for id_ in seq_of),
        "messages that passed an earlier one of their writer": sum(
            seq_of.get(later, 0) < seq_of.get(earlier, 0)
            for posted in group.posted.values()
            for (_, earlier), (_, later) in pairwise(posted)
        ),
        "acknowledged marks lost": sum(
            marks[user_id] < seq_of[id_] for user_id in staying for id_ in group.marked[user_id]
        ),
    }


class GroupLog:
    """The log of the group, and when each of its people took part."""

    def __init__(self, rows: Rows, group_id: str) -> None:
        self.own: dict[str, list[tuple[int, str]]] = {}
        self.stays: dict[str, list[tuple[int, int | None]]] = {}
        self.told: list[tuple[int, int, str]] = []
        for row in rows(
            "SELECT events.id, events.audience, events.audience_id, coalesce(event_log.seq, 0) AS seq, events.type, "
            "coalesce(payload ->> 'conversation_id', payload -> 'conversation' ->> 'id') AS conversation_id "
            "FROM events LEFT JOIN event_log ON event_log.event_id = events.id ORDER BY events.id"
        ):
            if row.audience == "conversation" and str(row.audience_id) == group_id:
                self.told.append((row.id, row.seq, row.type))
            elif row.audience == "user":
                self.own.setdefault(str(row.audience_id), []).append((row.seq, row.type))
                if row.conversation_id == group_id:
                    self._note_stay(str(row.audience_id), row.id, row.type)

    def _note_stay(self, user_id: str, event_id: int, type_: str) -> None:
        stays = self.stays.setdefault(user_id, [])
        if type_ == "conversation.created":
            stays.append((event_id, None))
        elif type_ == "participant.removed":
            stays[-1] = (stays[-1][0], event_id)

    def expect(self, heard: Heard) -> tuple[Counter[tuple[int, str]], Counter[tuple[int, str]]]:
        """What the person must have heard since their stream began, and what they may have heard besides.

        Who was removed before their stream had come so far does not get the rest.
        """
        must = Counter(
            each for each in self.own.get(heard.user_id, []) if each[0] > heard.since or not each[0]
        )
        may: Counter[tuple[int, str]] = Counter()
        for began, ended in self.stays.get(heard.user_id, []):
            stay = [
                (seq, type_)
                for event_id, seq, type_ in self.told
                if began < event_id < (ended or event_id + 1) and (seq > heard.since or not seq)
            ]
            (must if ended is None else may).update(stay)
        return must, may


def count_missing(rows: Rows, group: GroupBooks, heard: list[Heard]) -> int:
    log = GroupLog(rows, group.group_id)
    return sum((log.expect(each)[0] - Counter(each.changes)).total() for each in heard)


def check_streams(rows: Rows, group: GroupBooks, heard: list[Heard]) -> dict[str, int]:
    log = GroupLog(rows, group.group_id)
    numbers = {seq for _, seq, _ in log.told}
    missing = doubled = disordered = to_removed = 0
    for each in heard:
        must, may = log.expect(each)
        found = Counter(each.changes)
        missing += (must - found).total()
        for event, count in (found - (must + may)).items():
            # What nobody was to hear of the group was for others; all else came twice.
            is_others = event[0] in numbers and event not in must and event not in may
            to_removed += count * is_others
            doubled += count * (not is_others)
        disordered += sum(later < earlier for (earlier, _), (later, _) in pairwise(each.changes))
    return {
        "changes of the group missing on streams": missing,
        "changes of the group doubled on streams": doubled,
        "changes of the group out of order on streams": disordered,
        "changes of the group told to the removed": to_removed,
    }

# groups.py -- several people who write to one group through all faults, some of whom are removed and come back.
"""The host removes the guests and adds them again. Each posts, marks as read what is new or old, and has a stream open.
What became of it is compared with the database: group_books.py.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy.exc import DBAPIError

from chaos.cluster import Cluster
from chaos.people import Books, GroupBooks, Someone

STAYING, GUESTS = 3, 2


class Writer(Someone):
    """Posts to the group and marks what is there as read, until told to stop."""

    def __init__(self, cluster: Cluster, books: Books, seed: int, stop: threading.Event) -> None:
        super().__init__(cluster, books, seed, stop)
        self.name = f"writer-{seed}"
        self.group: GroupBooks = books.group

    def enter(self, email: str) -> None:
        self.sign_in(email)
        self.group.posted[self.user_id], self.group.marked[self.user_id] = [], []

    def run(self) -> None:
        while not self.stop.is_set():
            self.post_one()
            self.mark_one()

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response | None:
        """The answer that counts: a good one, or one that says no to somebody who takes no part at the moment."""

        def send(http: httpx.Client) -> httpx.Response | None:
            answer = http.request(method, path, json=body)
            return None if answer.status_code >= 500 else answer

        answer = self.until_it_works(send)
        if not answer:
            return None  # noted as a trouble
        if answer.status_code != 404 or self.user_id not in self.group.guests:
            answer.raise_for_status()
        return answer if answer.is_success else None

    def post_one(self) -> None:
        client_id = f"g-{uuid4().hex}"
        body = {"content": f"Message {client_id}", "client_id": client_id}
        answer = self.call("POST", f"/v1/conversations/{self.group.group_id}/messages", body)
        if answer is not None:
            self.group.posted[self.user_id].append((client_id, answer.json()["id"]))

    def mark_one(self) -> None:
        """As read: the newest message, or an older one, which moves no mark."""
        path = f"/v1/conversations/{self.group.group_id}"
        newest = self.call("GET", f"{path}/messages?before=end&limit=20")
        if newest is None or not (rows := newest.json()["data"]):
            return
        chosen = rows[-1] if self.dice.random() < 0.7 else self.dice.choice(rows)
        if self.call("POST", f"{path}/read", {"message_id": chosen["id"]}) is not None:
            self.group.marked[self.user_id].append(chosen["id"])


class Host(Writer):
    """Who has made the group: removes guests and lets them in again."""

    def run(self) -> None:
        seats = f"/v1/conversations/{self.group.group_id}/participants"
        while not self.stop.is_set():
            guest = self.dice.choice(self.group.guests)
            self.remove(f"{seats}/{guest}")
            self.group.removals += 1
            self.post_one()
            self.call("POST", seats, {"user_id": guest})
            self.post_one()
            self.mark_one()

    def remove(self, seat: str) -> None:
        """Sent again it finds nobody there, which is as good."""

        def send(http: httpx.Client) -> bool | None:
            answer = http.delete(seat)
            if answer.status_code >= 500:
                return None
            assert answer.status_code in (204, 404), answer.text
            return True

        self.until_it_works(send)


def open_crowd(cluster: Cluster, books: Books, seed: int, stop: threading.Event) -> list[Writer]:
    """The host, those who stay and the guests, all members of one team and in one group."""
    group, host = books.group, Host(cluster, books, seed, stop)
    writers = [Writer(cluster, books, seed + 1 + number, stop) for number in range(STAYING + GUESTS)]
    for number, writer in enumerate((host, *writers)):
        writer.enter(f"writer-{number}@example.com")
    with httpx.Client(base_url=cluster.workers[0].base_url, trust_env=False, timeout=20) as http:

        def post(by: Writer, path: str, **body: Any) -> Any:
            return http.post(path, json=body, headers=by.headers).raise_for_status().json()

        account_id = post(host, "/v1/accounts", name="Chaos")["id"]
        for number, writer in enumerate(writers, 1):
            invited = post(
                host, f"/v1/accounts/{account_id}/invitations", email=f"writer-{number}@example.com"
            )
            post(writer, "/v1/invitations/accept", token=invited["token"])
        group.group_id = post(
            host,
            "/v1/conversations",
            kind="group",
            title="Chaos",
            account_id=account_id,
            participant_ids=[writer.user_id for writer in writers],
        )["id"]
        # Whoever reads numbers what happened until now.
        changes = http.get("/v1/changes", headers=host.headers).raise_for_status().json()
    group.since = changes["next_after"]
    group.guests = [writer.user_id for writer in writers[STAYING:]]
    return [host, *writers]


class MarkWatcher(threading.Thread):
    """Looks at the marks again and again: none ever goes back, or past the last message."""

    def __init__(self, rows: Callable[[str], list[Any]], group_id: str) -> None:
        super().__init__(name="mark-watcher", daemon=True)
        self.rows, self.group_id = rows, group_id
        self.stop = threading.Event()
        self.looks = self.went_back = self.went_past = 0
        self._seen: dict[tuple[str, int], tuple[int, int]] = {}

    def run(self) -> None:
        while not self.stop.is_set():
            with suppress(DBAPIError, OSError):  # the database may crash at this moment
                self.look()
            self.stop.wait(0.3)

    def look(self) -> None:
        self.looks += 1
        for row in self.rows(
            "SELECT conversation_participants.user_id, joined_event_id, last_read_seq, last_delivered_seq, last_seq "
            "FROM conversation_participants JOIN conversations ON conversations.id = conversation_id "
            f"WHERE conversation_id = '{self.group_id}'"
        ):
            # Who comes back begins anew.
            stay, marks = (str(row.user_id), row.joined_event_id), (row.last_read_seq, row.last_delivered_seq)
            before = self._seen.get(stay, (0, 0))
            self.went_back += any(now < then for now, then in zip(marks, before, strict=True))
            self.went_past += max(marks) > row.last_seq
            self._seen[stay] = marks

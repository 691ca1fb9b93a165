# support/api/dated_tasks.py -- tasks of a person who is where it is about noon: no day begins or ends meanwhile.
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from support.servers import Person, Server

ZONE = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
TODAY = datetime.now(ZoneInfo(ZONE)).date()
TOMORROW = TODAY + timedelta(1)


def make_person(server: Server) -> Person:
    person = server.person()
    person.patch("/v1/me", timezone=ZONE)
    return person


def add_tasks(person: Person, *titles: str, **fields: Any) -> list[str]:
    """Their ids."""
    return [person.post("/v1/tasks", title=title, **fields)["id"] for title in titles]


def list_titles(person: Person, **filters: Any) -> list[str]:
    """In the order of their positions."""
    return [task["title"] for task in person.get("/v1/tasks", sort="position", **filters)["data"]]


def read_clock(moment: str) -> str:
    """What a clock there shows, to the minute."""
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(ZONE)).isoformat()[:16]

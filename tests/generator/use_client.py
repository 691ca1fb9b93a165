# use_client.py -- uses `made`, what openapi-python-client makes of the document: registers, signs in, chats, reads a
# stream that breaks off and goes on, lists, and meets an error.
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from uuid import UUID

from made.api.auth import register, sign_in
from made.api.chat import follow_events, post_chat, stream_chat
from made.api.tasks import get_task, list_tasks
from made.client import AuthenticatedClient, Client
from made.models.chat_create import ChatCreate
from made.models.chat_public import ChatPublic
from made.models.ended_run_event import EndedRunEvent
from made.models.message_delta_event import MessageDeltaEvent
from made.models.problem import Problem
from made.models.sign_in_request import SignInRequest
from made.models.started_run_event import StartedRunEvent
from made.models.task_page import TaskPage
from made.models.token_public import TokenPublic
from made.models.user_create import UserCreate
from made.models.user_public import UserPublic

T = TypeVar("T")
EVENTS: dict[str, Callable[[Mapping[str, Any]], object]] = {
    "run.started": StartedRunEvent.from_dict,
    "message.delta": MessageDeltaEvent.from_dict,
    "run.completed": EndedRunEvent.from_dict,
}


def expect_kind(kind: type[T], found: object) -> T:
    assert isinstance(found, kind), found
    return found


def read_stream(client: AuthenticatedClient, asked: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """The id and the typed event of each frame: the generator makes the request, and leaves reading to others."""
    frame: dict[str, str] = {}
    headers = {**asked.pop("headers"), "Accept": "text/event-stream"}
    with client.get_httpx_client().stream(**asked, headers=headers) as response:
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            frame[name] = value
            if not line and "data" in frame:
                data = json.loads(frame["data"])
                read = EVENTS.get(data["type"])
                yield frame.get("id", ""), read(data) if read else data["type"]
            if not line:
                frame = {}


def use_client(base_url: str, email: str, password: str) -> dict[str, object]:
    public = Client(base_url=base_url)
    person = expect_kind(
        UserPublic, register.sync(client=public, body=UserCreate(email=email, password=password))
    )
    signed = sign_in.sync(client=public, body=SignInRequest(email=email, password=password))
    client = AuthenticatedClient(base_url=base_url, token=expect_kind(TokenPublic, signed).access_token)
    answer = expect_kind(ChatPublic, post_chat.sync(client=client, body=ChatCreate(message="add buy milk")))
    asked = stream_chat._get_kwargs(body=ChatCreate(message="what is on my list?"))
    number, first = next(read_stream(client, asked))
    started = expect_kind(StartedRunEvent, first)
    rest = list(read_stream(client, follow_events._get_kwargs(started.run_id, last_event_id=number)))
    events = [first, *(event for _, event in rest)]
    tasks = expect_kind(TaskPage, list_tasks.sync(client=client, limit=1, completed=False))
    missing = expect_kind(Problem, get_task.sync(UUID(int=0), client=client))
    return {
        "registered": person.email,
        "answer": answer.message.content if answer.message else None,
        "types": [event if isinstance(event, str) else getattr(event, "type_", "") for event in events],
        "text": "".join(event.text for event in events if isinstance(event, MessageDeltaEvent)),
        "titles": [task.title for task in tasks.data],
        "problem": missing.detail,
    }


if __name__ == "__main__":
    print(json.dumps(use_client(*sys.argv[1:]), default=str))

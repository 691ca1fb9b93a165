# asking.py -- says each sentence to a server of its own, and judges what came of it.
import datetime as dt
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

from brain.sentences import Sentence
from brain.verdicts import Verdict, judge_answer
from llm.offline.model import OfflineModel
from llm.protocol import ModelEvent, ModelRequest
from support.servers import Person, Server, serving, settings_for

FOR_EACH_PERSON = 200  # sentences, since access tokens end
TOLD_AFTER = 200


class MeasuredModel:
    """The offline model, and the processor time that it has spent since it was last asked for."""

    name = OfflineModel.name

    def __init__(self) -> None:
        self._model = OfflineModel()
        self._spent = 0.0

    async def respond(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        begun = time.thread_time()
        async with aclosing(self._model.respond(request)) as events:
            async for event in events:
                self._spent += time.thread_time() - begun
                yield event
                begun = time.thread_time()
        self._spent += time.thread_time() - begun

    def take_seconds(self) -> float:
        spent, self._spent = self._spent, 0.0
        return spent


def ask_all(
    sentences: Sequence[Sentence], folder: Path, tell: Callable[[str], object]
) -> list[tuple[Sentence, Verdict]]:
    """The verdict on each sentence. `tell` is told from time to time how far it is."""
    with listening(folder) as (server, model):
        listener, verdicts = Listener(server, model), []
        for number, sentence in enumerate(sentences, 1):
            verdicts.append((sentence, listener.hear(sentence)))
            if number % TOLD_AFTER == 0:
                tell(f"{number} of {len(sentences)}")
        return verdicts


@contextmanager
def listening(folder: Path) -> Iterator[tuple[Server, MeasuredModel]]:
    model = MeasuredModel()
    with serving(settings_for(f"sqlite:///{folder}/brain.db"), model) as server:
        yield server, model


class Listener:
    """Someone who has the tasks of a sentence, and says it in a new conversation. They approve of everything."""

    def __init__(self, server: Server, model: MeasuredModel) -> None:
        self._server, self._model = server, model
        self._heard = 0
        self._person: Person | None = None
        self._there: list[Any] | None = None

    def hear(self, sentence: Sentence) -> Verdict:
        if self._person is None or self._heard % FOR_EACH_PERSON == 0:
            self._person, self._there = self._server.person(timezone="UTC"), []
            self._person.patch("/v1/me", approval="never")
        self._heard += 1
        self._set_up(self._person, sentence.setup or [])
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        self._model.take_seconds()
        answer = self._person.chat(sentence.text)
        seconds = self._model.take_seconds()
        assert answer["status"] == "completed", f"{sentence.text!r}: {answer}"
        calls = answer["message"]["tool_calls"] or []
        if any(call["name"] != "list_tasks" for call in calls):
            self._there = None
        return judge_answer(sentence.fields, calls, answer["message"]["content"], now, seconds)

    def _set_up(self, person: Person, tasks: list[Any]) -> None:
        """What the last sentence did not touch can stay."""
        if self._there == tasks:
            return
        while found := person.get("/v1/tasks", limit=100)["data"]:
            for task in found:
                person.delete(f"/v1/tasks/{task['id']}")
        for task in tasks:
            person.post("/v1/tasks", **({"title": task} if isinstance(task, str) else task))
        self._there = tasks

# imports/parley.py -- reads an export of Parley.
from collections.abc import Iterator
from uuid import UUID

from pydantic import BaseModel, ValidationError

from access import Caller
from errors import Invalid
from imports.branches import GivenPlace, Lineage
from imports.items import NewConversation, NewMessage, NewRow, NewTask
from imports.lines import LineReader
from imports.pieces import parse_piece
from imports.report import TOO_LONG, UNKNOWN, Report
from imports.texts import MAX_CHARACTERS, clean_text, is_visible, limit_time, read_speaker, read_title
from models.agent import BUILT_IN_ID
from models.export_line import FORMAT, FORMAT_VERSION
from models.message import QueryAudit, Sender
from models.shapes import GivenTime, JsonObject
from models.task import TaskCreate
from services.tasks import new_task

# What an export has and an import does not make.
NOT_MADE = {
    "user": "Your profile stays as it is.",
    "session": "A sign-in belongs to the server that it was made on.",
    "token": "A token's secret is in no export: make a new one.",
    "account": "Who is a member of an account is decided by those in it.",
    "agent": "An agent belongs to its account.",
    "event": "What others have posted cannot be posted in their name.",
    "participant": "Your place in a conversation belongs to those who take part.",
    "run": "A run is the record of a server's own work.",
}
OF_PEOPLE = "A conversation of people belongs to all who take part."
ELSEWHERE = "A tool call stands on record where it was made."
WITH_OTHERS = "It was with an agent of another account: here it goes on with the built-in one."
NO_FOOTER = "The file has no footer: it is cut, or its export was."


class GivenTask(BaseModel):
    """What a task has that nobody sends."""

    id: UUID
    created_at: GivenTime
    updated_at: GivenTime
    completed_at: GivenTime | None = None


class GivenConversation(BaseModel):
    id: UUID
    kind: str
    title: str | None = None
    agent_id: UUID | None = None
    created_at: GivenTime
    updated_at: GivenTime


class GivenMessage(GivenPlace):
    conversation_id: UUID
    sender: Sender
    content: str
    created_at: GivenTime
    tool_calls: list[JsonObject] | None = None


class ParleyReader:
    def __init__(self, report: Report, caller: Caller) -> None:
        self._report = report
        self._caller = caller
        self._lines = LineReader()
        self._conversation: NewConversation | None = None
        self._conversation_id: UUID | None = None
        self._lineage = Lineage()
        self._of_people: UUID | None = None
        self._is_begun = self._is_ended = False

    def feed(self, data: bytes) -> Iterator[NewRow]:
        for line in self._lines.feed(data):
            yield from self._take_line(line)

    def finish(self) -> Iterator[NewRow]:
        for line in self._lines.finish():
            yield from self._take_line(line)
        if not self._is_begun:
            check_header("", None)
        if not self._is_ended:
            self._report.leave_out("rest of the file", NO_FOOTER)

    def _take_line(self, line: bytes | None) -> Iterator[NewRow]:
        if line is None:
            self._report.leave_out("lines", TOO_LONG)
            return
        if not line.strip():
            return
        type_, value = read_line(line)
        if not self._is_begun:
            check_header(type_, value)
            self._is_begun = True
        elif value is None:
            self._report.leave_out("lines", UNKNOWN)
        elif type_ == "footer":
            self._is_ended = True
        elif type_ in NOT_MADE:
            self._report.leave_out(f"{type_}s", NOT_MADE[type_])
        else:
            try:
                yield from self._make_rows(type_, value)
            except (ValidationError, Invalid):
                self._report.leave_out("lines", UNKNOWN, type_)

    def _make_rows(self, type_: str, value: JsonObject) -> Iterator[NewRow]:
        if type_ == "task":
            yield make_task(self._caller, value)
        elif type_ == "conversation":
            yield from self._begin_conversation(value)
        elif type_ == "message":
            yield from self._make_message(value)
        else:
            self._report.leave_out("lines", UNKNOWN, type_)

    def _begin_conversation(self, value: JsonObject) -> Iterator[NewRow]:
        given = GivenConversation.model_validate(value)
        self._conversation = self._conversation_id = self._of_people = None
        title = read_title(given.title)
        if given.kind != "assistant":
            self._of_people = given.id
            self._report.leave_out("conversations", OF_PEOPLE, title)
            return
        if given.agent_id not in (None, BUILT_IN_ID):
            self._report.leave_out("agents of conversations", WITH_OTHERS, title)
        times = (limit_time(given.created_at), limit_time(given.updated_at))
        self._conversation_id, self._lineage = given.id, Lineage()
        self._conversation = NewConversation("parley", str(given.id), title, *times, known_id=given.id)
        yield self._conversation

    def _make_message(self, value: JsonObject) -> Iterator[NewRow]:
        given = GivenMessage.model_validate(value)
        if given.conversation_id == self._of_people:
            self._report.leave_out("messages", OF_PEOPLE)
            return
        if self._conversation is None or given.conversation_id != self._conversation_id:
            self._report.leave_out("messages", "Their conversation does not stand before them.")
            return
        previous = self._lineage.find_previous(given)
        if given.tool_calls:
            self._report.leave_out("tool calls", ELSEWHERE, count=len(given.tool_calls))
        text = clean_text(given.content[:MAX_CHARACTERS])
        if len(given.content) > MAX_CHARACTERS:
            self._report.leave_out("ends of messages", "It is cut: over a million characters.")
        if not is_visible(text):
            self._report.leave_out("messages", "Nothing is seen of it.")
            return
        yield NewMessage(
            self._conversation,
            str(given.id),
            given.role,
            text,
            limit_time(given.created_at),
            self._name_speaker(given),
            read_audit(value),
            None if given.replaces_id is None else str(given.replaces_id),
            previous,
        )

    def _name_speaker(self, given: GivenMessage) -> str | None:
        """Who has said it, where that is neither the person nor the built-in agent."""
        if given.sender.type == "program" or (given.role == "agent" and given.sender.id != BUILT_IN_ID):
            return read_speaker(given.sender.name, "Somebody")
        return None


def read_line(line: bytes) -> tuple[str, JsonObject | None]:
    """The type, and what the line holds; None where its form is not known."""
    try:
        value = parse_piece(line)
    except ValueError:
        return "", None
    type_ = value.get("type") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(type_, str):
        return "", None
    held = value.get(type_)
    return type_, held if isinstance(held, dict) else None


def check_header(type_: str, value: JsonObject | None) -> None:
    if type_ != "header" or value is None or value.get("format") != FORMAT:
        raise Invalid("The first line is no header of an export of Parley.", ("body",), problem="file-format")
    if value.get("version") != FORMAT_VERSION:
        raise Invalid(
            f"This server reads version {FORMAT_VERSION} of the form, and the file has another one.",
            ("body",),
            problem="file-format",
        )


def make_task(caller: Caller, value: JsonObject) -> NewTask:
    given = GivenTask.model_validate(value)
    new = TaskCreate.model_validate({name: value[name] for name in TaskCreate.model_fields if name in value})
    task = new_task(caller, new)
    completed_at = given.completed_at or given.updated_at if task.completed else None
    return NewTask(
        "parley",
        str(given.id),
        task,
        limit_time(given.created_at),
        limit_time(given.updated_at),
        None if completed_at is None else limit_time(completed_at),
        known_id=given.id,
    )


def read_audit(value: JsonObject) -> QueryAudit | None:
    told = {name: value[name] for name in QueryAudit.model_fields if value.get(name) is not None}
    return QueryAudit.model_validate(told) if told else None

# imports/branches.py -- a conversation that is a tree, because answers were tried again: the branch that is shown of
# another product's, and which message follows which of Parley's own.
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from models.message import Role

MAX_NODES = 20_000
# Of all texts and ids of one conversation, which is in memory until its end.
MAX_TREE_CHARACTERS = 16 * 1024 * 1024
# Of the questions that wait for their answers the newest are known: an answer may come after later questions.
MAX_OPEN = 10_000


@dataclass(frozen=True, slots=True)
class Said:
    role: Role
    content: str
    created_at: datetime | None
    program_name: str | None


@dataclass(frozen=True, slots=True)
class Node:
    """`said` is None where a node is no message that is kept; `left_out` are what of it is not, and why."""

    parent_id: str | None
    said: Said | None = None
    left_out: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Tree:
    """The nodes of a conversation by their ids, in the order of the file."""

    nodes: dict[str, Node] = field(default_factory=dict)
    current_id: str | None = None
    size: int = 0

    def add(self, node_id: str, node: Node) -> bool:
        """False where the conversation is too large."""
        size = len(node_id) + len(node.parent_id or "") + len(node.said.content if node.said else "")
        if len(self.nodes) >= MAX_NODES or self.size + size > MAX_TREE_CHARACTERS:
            return False
        self.size += size
        self.nodes[node_id] = node
        return True

    def list_branch(self) -> list[tuple[str, Node]]:
        """The branch that ends with the current node, or else with the last one, from its beginning.

        A node that is its own ancestor ends it.
        """
        last = next(reversed(self.nodes), None)
        node_id = self.current_id if self.current_id in self.nodes else last
        branch: dict[str, Node] = {}
        while node_id is not None and node_id in self.nodes and node_id not in branch:
            branch[node_id] = self.nodes[node_id]
            node_id = branch[node_id].parent_id
        return list(reversed(branch.items()))

    def list_others(self, branch: list[tuple[str, Node]]) -> Iterator[Node]:
        """The messages of the other branches."""
        shown = {node_id for node_id, _ in branch}
        return (node for node_id, node in self.nodes.items() if node.said and node_id not in shown)


class GivenPlace(BaseModel):
    id: UUID
    role: Role
    run_id: UUID | None = None
    replaces_id: UUID | None = None
    after_id: UUID | None = None


class Lineage:
    """Follows the messages of one conversation in the order of the file.

    There a question follows the newest one with its first answer, and an answer its question, unless they say something
    else. Here, where no runs are, each says what it follows, from the first branch on.
    """

    def __init__(self) -> None:
        self._has_branches = False
        self._last: UUID | None = None  # the newest question, or its first answer
        self._last_run: UUID | None = None
        self._asked: dict[UUID, UUID] = {}  # questions by their runs
        self._questions: dict[UUID, UUID] = {}  # of first answers

    def find_previous(self, given: GivenPlace) -> str | None:
        """What the message follows, "" for nothing; None where that is simply the message before it."""
        previous = self._find(given)
        self._has_branches |= given.replaces_id is not None or given.after_id is not None
        self._note(given)
        return ("" if previous is None else str(previous)) if self._has_branches else None

    def _find(self, given: GivenPlace) -> UUID | None:
        if given.role == "agent" and given.run_id is not None:
            if given.replaces_id is not None:
                return self._questions.get(given.replaces_id, self._last)
            return self._asked.get(given.run_id, self._last)
        return given.after_id if given.replaces_id is not None or given.after_id is not None else self._last

    def _note(self, given: GivenPlace) -> None:
        if given.role == "agent" and given.run_id is not None:
            question = self._asked.get(given.run_id)
            if question is not None:
                self._questions[given.id] = question
                limit_size(self._questions)
            if given.run_id == self._last_run:
                self._last = given.id
            return
        self._last, self._last_run = given.id, given.run_id
        if given.run_id is not None:
            self._asked[given.run_id] = given.id
            limit_size(self._asked)


def limit_size(known: dict[UUID, UUID]) -> None:
    if len(known) > MAX_OPEN:
        del known[next(iter(known))]

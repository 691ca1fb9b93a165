# imports/branches.py -- a conversation that is a tree, because answers were tried again: the branch that is shown.
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from models.message import Role

MAX_NODES = 20_000
# Of all texts and ids of one conversation, which is in memory until its end.
MAX_TREE_CHARACTERS = 16 * 1024 * 1024


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

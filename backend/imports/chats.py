# imports/chats.py -- reads the conversations of an export of ChatGPT or Open WebUI: an array with one object for each.
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from clock import utc_now
from imports import chatgpt, open_webui
from imports.branches import Node, Tree
from imports.items import NewConversation, NewMessage, NewRow, Source
from imports.pieces import ITEM, End, Path, Piece, PieceReader, parse_piece
from imports.report import TOO_LONG, UNKNOWN, Report
from imports.texts import MAX_CHARACTERS, read_seconds, read_title

CHATGPT_NODES: Path = (ITEM, "mapping")
# A chat of Open WebUI stands in a row of its table or, where it was saved by itself, alone.
WEBUI_CHATS: tuple[Path, ...] = ((ITEM, "chat"), (ITEM,))
WEBUI_NODES = frozenset((*chat, "history", "messages") for chat in WEBUI_CHATS)
WEBUI_LISTS = frozenset((*chat, "messages") for chat in WEBUI_CHATS)
OPENED: frozenset[Path] = frozenset(
    {
        (),
        CHATGPT_NODES,
        *WEBUI_CHATS,
        *((*chat, "history") for chat in WEBUI_CHATS),
        *WEBUI_NODES,
        *WEBUI_LISTS,
    }
)
# Where the plain members of a conversation stand, the first choice last.
TITLES: tuple[Path, ...] = ((ITEM, "chat", "title"), (ITEM, "title"))
IDS: tuple[Path, ...] = ((ITEM, "chat", "id"), (ITEM, "id"), (ITEM, "conversation_id"))
BEGUN: tuple[Path, ...] = (
    (ITEM, "timestamp"),
    (ITEM, "chat", "timestamp"),
    (ITEM, "created_at"),
    (ITEM, "create_time"),
)
LAST: tuple[Path, ...] = ((ITEM, "updated_at"), (ITEM, "update_time"))
CURRENT: tuple[Path, ...] = (
    (ITEM, "history", "currentId"),
    (ITEM, "chat", "history", "currentId"),
    (ITEM, "current_node"),
)
MEMBERS = frozenset(TITLES + IDS + BEGUN + LAST + CURRENT)

TOO_LARGE = "Its conversation is too large: over 20,000 messages, or 16 million characters."
NOT_SHOWN = "They are on a branch that is not shown: an answer or a question was tried again."
NO_MESSAGES = "Nobody has said anything in them."
UNREADABLE = "It is no JSON."
CUT = "It is cut: over a million characters."


@dataclass(slots=True)
class Chat:
    """One conversation, as far as it has been read."""

    members: dict[Path, object] = field(default_factory=dict)
    tree: Tree = field(default_factory=Tree)
    # The messages as a list, which Open WebUI has beside the tree, and formerly had alone.
    listed: Tree = field(default_factory=Tree)
    is_of_webui: bool = False
    is_full: bool = False

    def find(self, paths: tuple[Path, ...]) -> object:
        return next((self.members[path] for path in reversed(paths) if self.members.get(path)), None)

    def find_time(self, paths: tuple[Path, ...]) -> datetime | None:
        return read_seconds(self.find(paths))


class ChatReader:
    """Both products' files are told apart by where a conversation's messages stand."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._pieces = PieceReader(OPENED)
        self._chat = Chat()

    def feed(self, data: bytes) -> Iterator[NewRow]:
        for event in self._pieces.feed(data):
            if isinstance(event, Piece):
                self._take(event)
            elif event == End((ITEM,)):
                yield from self._finish_chat()
                self._chat = Chat()

    def finish(self) -> Iterator[NewRow]:
        self._pieces.finish()
        return iter(())

    def _take(self, piece: Piece) -> None:
        parent, path = piece.path[:-1], piece.path
        is_of_webui = parent in WEBUI_NODES or parent in WEBUI_LISTS
        is_node = is_of_webui or parent == CHATGPT_NODES
        self._chat.is_of_webui |= is_of_webui
        if not is_node and path not in MEMBERS and path != (ITEM,):
            return
        what = "messages" if is_node else "conversations" if path == (ITEM,) else "members of conversations"
        if piece.text is None or (is_node and self._chat.is_full):
            self._report.leave_out(what, TOO_LONG if piece.text is None else TOO_LARGE, self._name())
            return
        try:
            value = parse_piece(piece.text)
        except ValueError:
            self._report.leave_out(what, UNREADABLE, self._name())
            return
        if path == (ITEM,):
            self._report.leave_out(what, UNKNOWN)
        elif is_node:
            self._add_node(parent, path[-1], value)
        else:
            self._chat.members[path] = value

    def _name(self) -> str | None:
        return read_title(self._chat.find(TITLES))

    def _add_node(self, parent: Path, name: str, value: object) -> None:
        chat, tree = self._chat, self._chat.tree
        node_id = name
        if parent == CHATGPT_NODES:
            node = chatgpt.read_node(value)
        elif parent in WEBUI_NODES:
            node = open_webui.read_node(value)
        else:
            tree, previous_id = chat.listed, next(reversed(chat.listed.nodes), None)
            given = value.get("id") if isinstance(value, dict) else None
            node_id = given if isinstance(given, str) else f"{len(tree.nodes)}"
            node = open_webui.read_node(value, previous_id)
        if not tree.add(node_id, node):
            self._chat.is_full = True
            self._report.leave_out("messages", TOO_LARGE, self._name())

    def _finish_chat(self) -> Iterator[NewRow]:
        chat = self._chat
        tree = chat.tree if chat.tree.nodes else chat.listed
        current = chat.find(CURRENT)
        tree.current_id = current if isinstance(current, str) else None
        branch = tree.list_branch()
        title = self._name()
        others = sum(1 for _ in tree.list_others(branch))
        if others:
            self._report.leave_out("messages", NOT_SHOWN, title, others)
        for _, node in branch:
            for what, why in node.left_out:
                self._report.leave_out(what, why, title)
        if not any(node.said for _, node in branch):
            self._report.leave_out("conversations", NO_MESSAGES, title)
            return
        yield from self._list_rows(chat, title, branch)

    def _list_rows(self, chat: Chat, title: str | None, branch: list[tuple[str, Node]]) -> Iterator[NewRow]:
        source: Source = "open-webui" if chat.is_of_webui else "chatgpt"
        self._report.source = source
        times = [node.said.created_at for _, node in branch if node.said and node.said.created_at]
        begun = chat.find_time(BEGUN) or (times[0] if times else utc_now())
        last = max([chat.find_time(LAST) or begun, begun, *times[-1:]])
        given = chat.find(IDS)
        # Without an id a conversation is known by its beginning.
        source_id = given if isinstance(given, str) else hash_texts(str(title), str(begun), branch[0][0])
        conversation = NewConversation(source, source_id, title, begun, last)
        yield conversation
        moment = begun
        for node_id, node in branch:
            if node.said is not None:
                moment = node.said.created_at or moment
                content = node.said.content
                if len(content) > MAX_CHARACTERS:
                    self._report.leave_out("ends of messages", CUT, title)
                    content = content[:MAX_CHARACTERS]
                yield NewMessage(
                    conversation, node_id, node.said.role, content, moment, node.said.program_name
                )


def hash_texts(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode(errors="replace")).hexdigest()

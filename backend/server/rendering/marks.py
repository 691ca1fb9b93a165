# server/rendering/marks.py -- what Parley reads beside CommonMark: boxes of tasks, notes, and pictures as links.
import html
import re
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

BOX = re.compile(r"\[([ xX])\][ \t]+")
NOTE_NAME = r"\[\^([\w.-]{1,40})\]"
NOTE_MARK = re.compile(NOTE_NAME + "(?!:)")
NOTE = re.compile(NOTE_NAME + r":[ \t]*")


def mark_tokens(state: StateCore) -> None:
    """Boxes at the beginning of an item, and which pictures stand in a link."""
    for index, token in enumerate(state.tokens):
        if token.type != "inline" or not token.children:
            continue
        if index > 1 and state.tokens[index - 2].type == "list_item_open":
            mark_box(token)
        depth = 0
        for child in token.children:
            depth += {"link_open": 1, "link_close": -1}.get(child.type, 0)
            if child.type == "image":
                child.meta = {"linked": depth > 0}


def mark_box(inline: Token) -> None:
    found = BOX.match(inline.content)
    children = inline.children or []
    first = children[0] if children else None
    if found is None or first is None or first.type != "text" or not BOX.match(first.content + " "):
        return
    first.content = first.content[found.end() :]
    box = Token("task_box", "", 0)
    box.content = "☐" if found[1] == " " else "☑"
    inline.children = [box, *children]


def read_note_mark(state: StateInline, silent: bool) -> bool:
    found = NOTE_MARK.match(state.src, state.pos) if state.src[state.pos] == "[" else None
    if found is None:
        return False
    if not silent:
        state.push("note_mark", "", 0).content = found[1]
    state.pos = found.end()
    return True


def read_note(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """A note is a paragraph that begins with its name; it ends before an empty line or the next note."""
    start = state.bMarks[first] + state.tShift[first]
    found = NOTE.match(state.src, start, state.eMarks[first])
    if found is None or state.is_code_block(first):
        return False
    if silent:
        return True
    line = first + 1
    while line < last and not state.isEmpty(line):
        if NOTE.match(state.src, state.bMarks[line] + state.tShift[line]):
            break
        line += 1
    state.push("note_open", "p", 1).content = found[1]
    words = state.push("inline", "", 0)
    words.content = state.getLines(first, line, state.blkIndent, False)[found.end() - start :].strip()
    words.map, words.children = [first, line], []
    state.push("note_close", "p", -1)
    state.line = line
    return True


def render_box(self: RendererHTML, tokens: list[Token], index: int, *_: object) -> str:
    return f'<span class="task-box">{tokens[index].content}</span> '


def render_note_mark(self: RendererHTML, tokens: list[Token], index: int, *_: object) -> str:
    return f'<sup class="note-mark">{html.escape(tokens[index].content)}</sup>'


def render_note(self: RendererHTML, tokens: list[Token], index: int, *_: object) -> str:
    return f'<p class="note"><sup>{html.escape(tokens[index].content)}</sup> '


def render_picture(self: RendererHTML, tokens: list[Token], index: int, options: object, env: object) -> str:
    """A link to a picture: loading it would tell another host that somebody reads the message."""
    token = tokens[index]
    words = self.renderInlineAsText(token.children or [], options, env)  # type: ignore[arg-type]
    address = str(token.attrs.get("src", ""))
    if token.meta.get("linked") or urlsplit(address).scheme not in ("http", "https"):
        return html.escape(words)
    name = words.strip() or urlsplit(address).path.rpartition("/")[2] or address
    return f'<a class="picture" href="{html.escape(address)}">{html.escape(name)}</a>'


def add_marks(parser: MarkdownIt) -> None:
    parser.core.ruler.after("inline", "marks", mark_tokens)
    parser.inline.ruler.before("link", "note_mark", read_note_mark)
    parser.block.ruler.before("reference", "note", read_note, {"alt": ["paragraph"]})
    parser.add_render_rule("task_box", render_box)
    parser.add_render_rule("note_mark", render_note_mark)
    parser.add_render_rule("note_open", render_note)
    parser.add_render_rule("image", render_picture)

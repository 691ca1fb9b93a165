# services/markdown.py -- Markdown as HTML that is safe to show: whoever wrote it, nothing in it runs, loads or styles.
import html
import re
from collections.abc import Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

# What a page may need to render at once: longer than any message that a person can send.
MAX_TEXT = 50_000
MAX_NESTING = 20
# Characters that may begin or end something in Markdown: the work grows with them, up to 15 µs for each. A text with
# more of them is shown as it was written.
MARKS = "[]!*_`~<>#|\n-+.)"
MOST_MARKS = 6_000
# Looking for bare addresses takes time by length times addresses, paragraph by paragraph: 30 ns for each such pair.
ADDRESS = re.compile(r"//|(?:https?|ftp|mailto):", re.IGNORECASE)
PARAGRAPH_END = re.compile(r"\n(?:[ \t]*\n| {0,3}[-*+] +(?=\S))")
MOST_ADDRESS_WORK = 1_500_000

TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "s", "blockquote"),
    *("ul", "ol", "li", "pre", "code", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "code": {"class"},
    "ol": {"start"},
    "th": {"align"},
    "td": {"align"},
}
LANGUAGE = re.compile(r"language-[\w+#.-]{1,30}")
ALIGNMENT = re.compile(r"text-align:(left|center|right)")


def show_alternative(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """An image would be loaded from elsewhere, which tells that somebody reads it: its words stand instead."""
    return self.renderInlineAsText(tokens[index].children or [], options, env)


def align_cell(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """A strict content security policy knows no style attributes."""
    cell = tokens[index]
    if found := ALIGNMENT.fullmatch(str(cell.attrs.pop("style", ""))):
        cell.attrSet("align", found[1])
    return self.renderToken(tokens, index, options, env)


def build_parser(*, linkify: bool) -> MarkdownIt:
    parser = MarkdownIt("js-default", {"html": False, "linkify": linkify, "maxNesting": MAX_NESTING})
    parser.add_render_rule("image", show_alternative)
    parser.add_render_rule("th_open", align_cell)
    parser.add_render_rule("td_open", align_cell)
    if parser.linkify is not None:
        # A bare `todo.py` is no address, though .py is a domain.
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    return parser


PARSER = build_parser(linkify=True)
PARSER_WITHOUT_ADDRESSES = build_parser(linkify=False)


def keep(tag: str, name: str, value: str) -> str | None:
    """Of the classes only the language of a block of code."""
    if name == "class":
        return value if LANGUAGE.fullmatch(value) else None
    return value


def address_work(text: str) -> int:
    paragraphs = PARAGRAPH_END.split(text)
    return sum(len(paragraph) * sum(1 for _ in ADDRESS.finditer(paragraph)) for paragraph in paragraphs)


def as_written(text: str) -> str:
    return f"<p>{html.escape(text)}</p>".replace("\n", "<br>\n")


def to_html(text: str) -> str:
    """What takes too long to read as Markdown stays as it was written: everybody else waits meanwhile."""
    if sum(map(text.count, MARKS)) > MOST_MARKS:
        return as_written(text)
    parser = PARSER if address_work(text) <= MOST_ADDRESS_WORK else PARSER_WITHOUT_ADDRESSES
    rendered: str = parser.render(text)
    return rendered


def render(text: str) -> str:
    """HTML of Markdown. Links open apart and tell their target nothing; other attributes and all scripts are gone."""
    return nh3.clean(
        to_html(text),
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=keep,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )

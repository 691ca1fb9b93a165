# server/markdown.py -- Markdown as HTML that is safe to show: nothing in it runs, loads a resource or sets a style.
import html
import re
from collections.abc import Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

# The longest text to render: longer than any message that a user can send.
MAX_TEXT = 50_000
MAX_NESTING = 20
# Characters that may begin or end something in Markdown: each costs up to 15 µs. A text with more of them than the
# maximum is shown as it was written.
MARKS = "[]!*_`~<>#|\n-+.)"
MAX_MARKS = 6_000
# The search for bare addresses costs, in each paragraph, 30 ns times its length times the addresses in it.
ADDRESS = re.compile(r"//|(?:https?|ftp|mailto):", re.IGNORECASE)
PARAGRAPH_END = re.compile(r"\n(?:[ \t]*\n| {0,3}[-*+] +(?=\S))")
MAX_LINK_COST = 1_500_000

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


def render_alternative_text(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """Show an image as its alternative text: loading it would tell another host that somebody reads the message."""
    return self.renderInlineAsText(tokens[index].children or [], options, env)


def align_cell(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """Turn the style of a cell into `align`: a strict content security policy ignores style attributes."""
    cell = tokens[index]
    if found := ALIGNMENT.fullmatch(str(cell.attrs.pop("style", ""))):
        cell.attrSet("align", found[1])
    return self.renderToken(tokens, index, options, env)


def build_parser(*, linkify: bool) -> MarkdownIt:
    parser = MarkdownIt("js-default", {"html": False, "linkify": linkify, "maxNesting": MAX_NESTING})
    parser.add_render_rule("image", render_alternative_text)
    parser.add_render_rule("th_open", align_cell)
    parser.add_render_rule("td_open", align_cell)
    if parser.linkify is not None:
        # A bare `todo.py` is a file, although .py is a domain.
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    return parser


PARSER = build_parser(linkify=True)
PARSER_WITHOUT_LINKS = build_parser(linkify=False)


def filter_attribute(tag: str, name: str, value: str) -> str | None:
    """Keep of the classes only the language of a block of code."""
    if name == "class":
        return value if LANGUAGE.fullmatch(value) else None
    return value


def estimate_link_cost(text: str) -> int:
    """Length times addresses, summed over the paragraphs."""
    paragraphs = PARAGRAPH_END.split(text)
    return sum(len(paragraph) * sum(1 for _ in ADDRESS.finditer(paragraph)) for paragraph in paragraphs)


def escape_text(text: str) -> str:
    return f"<p>{html.escape(text)}</p>".replace("\n", "<br>\n")


def parse_markdown(text: str) -> str:
    """Unsafe HTML. A text that would take too long to parse is only escaped: parsing blocks the event loop."""
    if sum(map(text.count, MARKS)) > MAX_MARKS:
        return escape_text(text)
    parser = PARSER if estimate_link_cost(text) <= MAX_LINK_COST else PARSER_WITHOUT_LINKS
    rendered: str = parser.render(text)
    return rendered


def render_markdown(text: str) -> str:
    """Safe HTML: only the tags and attributes above. Links open in another tab and send no referrer."""
    return nh3.clean(
        parse_markdown(text),
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=filter_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )

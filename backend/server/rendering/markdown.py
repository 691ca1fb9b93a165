# server/rendering/markdown.py -- Markdown as HTML that is safe to show: nothing in it runs, loads or styles anything.
import html
import re
from collections.abc import Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from server.rendering.code import Allowance, colour_code
from server.rendering.links import read_addresses
from server.rendering.marks import add_marks
from server.rendering.math import add_math

# The longest text to render: longer than any message that a user can send.
MAX_TEXT = 50_000
# What a message may be cut into for one request.
MAX_TEXTS = 200
MAX_NESTING = 20
# Characters that may begin or end something in Markdown: each costs up to 15 µs. A text with more of them than the
# maximum is shown as it was written.
MARKS = "[]!*_`~<>#|\n-+.)$\\"
MAX_MARKS = 6_000
# The search for bare addresses costs, in each paragraph, 30 ns times its length times the addresses in it.
ADDRESS = re.compile(r"//|(?:https?|ftp|mailto):|www\.", re.IGNORECASE)
PARAGRAPH_END = re.compile(r"\n(?:[ \t]*\n| {0,3}[-*+] +(?=\S))")
MAX_LINK_COST = 1_500_000
# The first line of a block of code: the fence and the language.
FENCE = re.compile(r"(`{3,}|~{3,})([^`]*)")
LANGUAGE = re.compile(r"[\w+#.-]{1,30}")
ALIGNMENT = re.compile(r"text-align:(left|center|right)")

FORMULAS = {
    *(
        "math",
        "mrow",
        "mi",
        "mn",
        "mo",
        "mtext",
        "mspace",
        "mfrac",
        "msqrt",
        "mroot",
        "msub",
        "msup",
        "msubsup",
    ),
    *("munder", "mover", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom", "menclose"),
}
TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "s", "blockquote"),
    *("ul", "ol", "li", "pre", "code", "a", "table", "thead", "tbody", "tr", "th", "td", "span", "sup"),
    *FORMULAS,
}
ATTRIBUTES = {
    "a": {"href", "title", "class"},
    "code": {"class"},
    "span": {"class"},
    "sup": {"class"},
    "p": {"class"},
    "ol": {"start"},
    "th": {"align"},
    "td": {"align"},
    "math": {"display"},
    "mo": {"stretchy", "fence", "form", "separator"},
    "mi": {"mathvariant"},
    "mfrac": {"linethickness"},
    "mover": {"accent"},
}
CLASS = re.compile(r"language-[\w+#.-]{1,30}|hl-[a-z]|task-box|note-mark|note|picture")


def align_cell(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """Turn the style of a cell into `align`: a strict content security policy ignores style attributes."""
    cell = tokens[index]
    if found := ALIGNMENT.fullmatch(str(cell.attrs.pop("style", ""))):
        cell.attrSet("align", found[1])
    return self.renderToken(tokens, index, options, env)


def render_code(code: str, info: str, allowance: Allowance) -> str:
    language = LANGUAGE.match(info.strip())
    if language is None:
        return f"<pre><code>{html.escape(code)}</code></pre>\n"
    return f'<pre><code class="language-{language[0]}">{colour_code(code, language[0], allowance)}</code></pre>\n'


def render_fence(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return render_code(tokens[index].content, tokens[index].info, env["allowance"])


def build_parser(*, linkify: bool) -> MarkdownIt:
    parser = MarkdownIt("js-default", {"html": False, "linkify": linkify, "maxNesting": MAX_NESTING})
    add_marks(parser)
    add_math(parser)
    parser.add_render_rule("fence", render_fence)
    parser.add_render_rule("th_open", align_cell)
    parser.add_render_rule("td_open", align_cell)
    if parser.linkify is not None:
        read_addresses(parser.linkify)
    return parser


PARSER = build_parser(linkify=True)
PARSER_WITHOUT_LINKS = build_parser(linkify=False)


def filter_attribute(tag: str, name: str, value: str) -> str | None:
    if name == "class":
        return value if CLASS.fullmatch(value) else None
    return value


CLEANER = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    attribute_filter=filter_attribute,
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
)


def estimate_link_cost(text: str) -> int:
    """Length times addresses, summed over the paragraphs."""
    paragraphs = PARAGRAPH_END.split(text)
    return sum(len(paragraph) * sum(1 for _ in ADDRESS.finditer(paragraph)) for paragraph in paragraphs)


def escape_text(text: str) -> str:
    return f"<p>{html.escape(text)}</p>".replace("\n", "<br>\n")


def find_code(text: str, allowance: Allowance) -> str | None:
    """The HTML of a text that is one block of code: nothing in it is Markdown, however many marks it has."""
    first, *lines = text.strip().split("\n")
    found = FENCE.fullmatch(first)
    if found is None or not lines:
        return None
    fence, info = found.groups()
    last = lines.pop().strip()
    ends_before = any(line.strip().startswith(fence) for line in lines)
    if ends_before or not last.startswith(fence) or last.strip("`~"):
        return None
    return render_code("".join(f"{line}\n" for line in lines), info.strip(), allowance)


def count_marks(text: str) -> int:
    return sum(map(text.count, MARKS))


def parse_markdown(text: str, allowance: Allowance) -> str:
    """Unsafe HTML. A text that would take too long to parse is only escaped: parsing holds the interpreter."""
    if (code := find_code(text, allowance)) is not None:
        return code
    if count_marks(text) > MAX_MARKS:
        return escape_text(text)
    parser = PARSER if estimate_link_cost(text) <= MAX_LINK_COST else PARSER_WITHOUT_LINKS
    rendered: str = parser.render(text, {"allowance": allowance})
    return rendered


def render_markdown(text: str, allowance: Allowance | None = None) -> str:
    """Safe HTML: only the tags and attributes above. Links open in another tab and send no referrer."""
    return CLEANER.clean(parse_markdown(text, allowance or Allowance()))


def render_texts(texts: Sequence[str]) -> list[str | None]:
    """Each by itself. Together they have as many marks as one may have; None stands for one that is left for later."""
    allowance, marks = Allowance(), 0
    rendered: list[str | None] = []
    for text in texts:
        marks += count_marks(text)
        rendered.append(render_markdown(text, allowance) if marks <= MAX_MARKS or not rendered else None)
    return rendered

# rendering.py -- Markdown as HTML that is safe to show: whoever wrote it, nothing in it runs, loads or styles.
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
# Finding bare addresses takes quadratic time on some texts: long ones do without.
LONG = 10_000
LONG_PARSER = build_parser(linkify=False)


def keep(tag: str, name: str, value: str) -> str | None:
    """Of the classes only the language of a block of code."""
    if name == "class":
        return value if LANGUAGE.fullmatch(value) else None
    return value


def render(text: str) -> str:
    """HTML of Markdown. Links open apart and tell their target nothing; other attributes and all scripts are gone."""
    return nh3.clean(
        (PARSER if len(text) <= LONG else LONG_PARSER).render(text),
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=keep,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )

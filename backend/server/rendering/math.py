# server/rendering/math.py -- formulas in TeX between $ or \( and $$ or \[, as MathML.
import html
import re

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

MAX_FORMULA, MAX_LINES = 2_000, 100
# A price is no formula: nothing stands right inside of the dollars but the formula, and no word right outside of them.
DOLLARS = re.compile(r"\$(?![\s$])((?:[^$\\\n]|\\.){1,500})(?<!\s)\$(?![\w$])")
CLOSERS = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}
DISPLAY = ("$$", "\\[")


def render_formula(formula: str, *, display: bool) -> str:
    """MathML; what is no TeX, or more of it than a formula has, is shown as it was written."""
    try:
        return str(convert(formula, display="block" if display else "inline"))
    except Exception:  # the converter has a class for each mistake, and recursion ends by an error as well
        return f"<code>{html.escape(formula)}</code>"


def find_formula(text: str, at: int) -> tuple[str, bool, int] | None:
    """(formula, whether it stands by itself, where it ends), of one that begins at this place."""
    opener = text[at : at + 2]
    if closer := CLOSERS.get(opener):
        end = text.find(closer, at + 2, at + 2 + MAX_FORMULA)
        formula = text[at + 2 : end].strip() if end > 0 else ""
        return (formula, opener in DISPLAY, end + 2) if formula else None
    is_inside_word = at > 0 and text[at - 1].isalnum()
    found = None if is_inside_word else DOLLARS.match(text, at)
    return (found[1], False, found.end()) if found else None


def read_formula(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    found = find_formula(state.src, state.pos)
    if found is None:
        return False
    formula, display, end = found
    if not silent:
        token = state.push("formula", "", 0)
        token.content, token.meta = formula, {"display": display}
    state.pos = end
    return True


def read_block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """A formula by itself: its lines are no list and no heading, whatever they begin with."""
    start = state.bMarks[first] + state.tShift[first]
    opener = state.src[start : start + 2]
    if opener not in DISPLAY or state.is_code_block(first):
        return False
    lines: list[str] = []
    for line in range(first, min(last, first + MAX_LINES)):
        if line > first and state.sCount[line] < state.blkIndent:
            return False
        lines.append(state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip())
        written = "\n".join(lines)[2:]
        if CLOSERS[opener] in written:
            formula, _, rest = written.partition(CLOSERS[opener])
            break
    else:
        return False
    if rest or not formula.strip() or len(formula) > MAX_FORMULA:
        return False
    if not silent:
        token = state.push("formula", "", 0)
        token.content, token.meta, token.block = formula.strip(), {"display": True}, True
        token.map = [first, line + 1]
        state.line = line + 1
    return True


def render_token(self: RendererHTML, tokens: list[Token], index: int, *_: object) -> str:
    return render_formula(tokens[index].content, display=tokens[index].meta["display"])


def add_math(parser: MarkdownIt) -> None:
    parser.inline.ruler.before("escape", "formula", read_formula)
    parser.block.ruler.before(
        "fence", "formula", read_block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.add_render_rule("formula", render_token)

# models/undo/left_out.py -- what was not done of a large whole, and why.
from models.shapes import ApiModel

MAX_EXAMPLES = 3
MAX_EXAMPLE = 80


class LeftOut(ApiModel):
    """`examples` are the first of them."""

    what: str
    why: str
    count: int = 0
    examples: list[str]

    def add(self, example: str | None, count: int = 1) -> None:
        self.count += count
        words = " ".join((example or "")[: 4 * MAX_EXAMPLE].split())
        if words and len(self.examples) < MAX_EXAMPLES:
            shown = words if len(words) <= MAX_EXAMPLE else words[: MAX_EXAMPLE - 1].rstrip() + "…"
            self.examples.append(shown)


def leave_out(
    left: dict[tuple[str, str], LeftOut], what: str, why: str, example: str | None = None, count: int = 1
) -> None:
    """Note one more, or `count`, of what is left out for this reason. Reasons are words of the code: they are few."""
    left.setdefault((what, why), LeftOut(what=what, why=why, examples=[])).add(example, count)

# support/source.py -- the source of backend/, for tests that read it.
import ast
from functools import cache
from pathlib import Path

BACKEND = Path(__file__).resolve().parents[2] / "backend"
MODULES = sorted(str(path.relative_to(BACKEND)) for path in BACKEND.rglob("*.py"))


@cache
def parse_module(module: str) -> ast.Module:
    """By its path in backend/."""
    return ast.parse((BACKEND / module).read_text(), module)

# support/near_matches.py -- every pattern of backend/, how it is used, and texts that almost match it, of any length
import ast
import dataclasses
import functools
import importlib
import random
import re
import re._constants as codes
import re._parser as parser
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from support.source import MODULES, parse_module

METHODS = frozenset({"match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"})
REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
# What people write, and what no pattern expects: units to repeat, and ends that make a match fail.
UNITS = (
    "a",
    " ",
    "a ",
    "- ",
    ", ",
    ". ",
    "\n",
    '"',
    "'",
    "1 ",
    "5pm ",
    "add ",
    "and ",
    "to a ",
    "please ",
    "is done ",
)
MANY = " a" * 9
ENDS = ("", "\0", "  ", MANY, "\n\n", "x")


@dataclass(frozen=True)
class Use:
    """A pattern, where it stands, and a method that is called on it."""

    place: str
    pattern: re.Pattern[str]
    method: str


@dataclass(frozen=True)
class Near:
    """Texts that begin like a match, go on for as long as is wanted, and end in another way."""

    before: str
    unit: str
    after: str

    def text(self, length: int) -> str:
        room = max(0, length - len(self.before) - len(self.after))
        return self.before + self.unit * (room // len(self.unit)) + self.after


@functools.cache
def find_uses() -> list[Use]:
    """Each pattern once with each of its methods, those that are written where they are used included."""
    called: dict[str, set[str]] = {}
    written: list[Use] = []
    names = [module.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for module in MODULES]
    for name, module in zip(names, MODULES, strict=True):
        tree = parse_module(module)
        holders = held_names(tree)
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner, method = name_of(node.func.value), node.func.attr
            if method not in METHODS or not owner:
                continue
            if owner == "re":
                first = node.args[0]
                assert isinstance(first, ast.Constant), (
                    f"{name}:{node.lineno}: a pattern made while it is used"
                )
                written.append(Use(f"{name}:{node.lineno}", re.compile(first.value, flags_of(node)), method))
            else:
                called.setdefault(holders.get(owner, owner), set()).add(method)
    tables = {
        (id(pattern), method): Use(f"{name}.{attribute}", pattern, method)
        for name in names
        for attribute, pattern in patterns_of(importlib.import_module(name))
        for method in sorted(find_methods(attribute, called))
    }
    return [*written, *tables.values()]


def name_of(node: ast.AST) -> str:
    """What a variable or a field is called: `rules` for "rules" and for "grammar.rules"."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def find_methods(attribute: str, called: dict[str, set[str]]) -> set[str]:
    """What is called on a pattern, by the innermost of its names: `TABLE[rules][0][1]` is held as `rules`."""
    names = re.findall(r"[A-Za-z_]\w*", attribute)
    return next((called[name] for name in reversed(names) if name in called), {"search"})


def held_names(tree: ast.AST) -> dict[str, str]:
    """What a loop over a table calls the patterns in it, with the name of the table."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.comprehension)) and name_of(node.iter):
            names |= {
                part.id: name_of(node.iter) for part in ast.walk(node.target) if isinstance(part, ast.Name)
            }
    return names


def flags_of(call: ast.Call) -> int:
    names = {node.attr for node in ast.walk(call) if isinstance(node, ast.Attribute)}
    return sum(flag for flag in {getattr(re, name) for name in names if name.isupper()})


def patterns_of(module: Any) -> Iterator[tuple[str, re.Pattern[str]]]:
    seen: set[int] = set()

    def walk(name: str, value: Any) -> Iterator[tuple[str, re.Pattern[str]]]:
        if id(value) in seen:
            return
        seen.add(id(value))
        if isinstance(value, re.Pattern):
            yield name, value
        elif isinstance(value, dict):
            for key, item in value.items():
                yield from walk(f"{name}[{key!r}]", item)
        elif isinstance(value, (list, tuple, set, frozenset)):
            for number, item in enumerate(value):
                yield from walk(f"{name}[{number}]", item)
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            for field in dataclasses.fields(value):
                yield from walk(f"{name}[{field.name}]", getattr(value, field.name))
        elif isinstance(value, type) and value.__module__ == module.__name__:
            for key, item in vars(value).items():
                yield from walk(f"{name}[{key}]", item)

    for name, value in vars(module).items():
        if not name.startswith("__"):
            yield from walk(name, value)


class Writer:
    """Writes texts from what a pattern is made of."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.random = random.Random(1)
        self.tree = list(parser.parse(pattern.pattern, pattern.flags))

    def write(self, tree: Any, depth: int = 0) -> str:
        return "".join(self.write_one(op, arg, depth) for op, arg in tree)

    def write_one(self, op: Any, arg: Any, depth: int) -> str:
        if op is codes.LITERAL:
            return chr(arg)
        if op is codes.NOT_LITERAL:
            return "b" if arg == ord("a") else "a"
        if op is codes.ANY:
            return "a"
        if op is codes.IN:
            return self.character(arg)
        if op is codes.BRANCH:
            return self.write(self.random.choice(arg[1]), depth)
        if op is codes.SUBPATTERN:
            return self.write(arg[3], depth)
        if op in REPEATS:
            low, high, body = arg
            times = min(int(high), max(low, self.random.choice((low, low, low + 1))))
            return "".join(self.write(body, depth + 1) for _ in range(times))
        if op is codes.ATOMIC_GROUP:
            return self.write(arg, depth)
        if op is codes.ASSERT and arg[0] > 0:
            return self.write(arg[1], depth)
        return ""

    def character(self, choices: Any) -> str:
        if choices[0][0] is codes.NEGATE:
            banned = {chr(arg) for op, arg in choices[1:] if op is codes.LITERAL}
            return next(character for character in "a1,\0" if character not in banned)
        op, arg = self.random.choice(choices)
        if op is codes.RANGE:
            return chr(arg[0])
        if op is codes.CATEGORY:
            return {"DIGIT": "1", "SPACE": " ", "WORD": "a"}.get(str(arg).rpartition("_")[2], "-")
        return chr(arg)

    def holes(self, tree: Any = None, before: str = "", after: str = "") -> Iterator[tuple[str, Any, str]]:
        """Each repetition: what may stand before it, what is repeated, and what may follow."""
        tree = self.tree if tree is None else tree
        for number, (op, arg) in enumerate(tree):
            left, right = before + self.write(tree[:number]), self.write(tree[number + 1 :]) + after
            if op in REPEATS:
                if arg[1] > 4:
                    yield left, arg[2], right
                yield from self.holes(list(arg[2]), left, right)
            elif op is codes.BRANCH:
                for branch in arg[1]:
                    yield from self.holes(list(branch), left, right)
            elif op is codes.SUBPATTERN:
                yield from self.holes(list(arg[3]), left, right)
            elif op is codes.ATOMIC_GROUP:
                yield from self.holes(list(arg), left, right)
            elif op in (codes.ASSERT, codes.ASSERT_NOT):
                yield from self.holes(list(arg[1]), left, right)

    def literals(self, tree: Any = None) -> Iterator[str]:
        """The words that stand in the pattern."""
        run = ""
        for op, arg in self.tree if tree is None else tree:
            if op is codes.LITERAL:
                run += chr(arg)
                continue
            if run:
                yield run
            run = ""
            parts = {codes.BRANCH: lambda arg: arg[1], codes.SUBPATTERN: lambda arg: [arg[3]],
                     codes.ATOMIC_GROUP: lambda arg: [arg], codes.ASSERT: lambda arg: [arg[1]],
                     codes.ASSERT_NOT: lambda arg: [arg[1]],
                     **dict.fromkeys(REPEATS, lambda arg: [arg[2]])}.get(op)  # fmt: skip
            for part in parts(arg) if parts else ():
                yield from self.literals(list(part))
        if run:
            yield run


def near_matches(pattern: re.Pattern[str], kinds: int) -> list[Near]:
    """So many kinds of text, the same ones each time: every repetition has its turn."""
    writer = Writer(pattern)
    words = [word.strip() for word in dict.fromkeys(writer.literals())]
    common = [*UNITS, *words, *(f"{word} " for word in words), *(f" {word}" for word in words)]
    common = [unit for unit in common if unit]
    pick = writer.random.choice
    found: dict[Near, None] = {}
    for _ in range(2):
        holes = list(writer.holes()) or [("", [], "")]
        writer.random.shuffle(holes)
        for number in range(kinds):
            left, body, right = holes[number % len(holes)]
            own = writer.write(body)
            unit = pick((own or pick(common), pick(common), pick(common) + pick(common)))
            end = pick((*ENDS, right, f"{right}\0", f"{MANY}{right}"))
            found[Near(pick((left, left, left, "", right)), unit, end)] = None
    return list(found)[:kinds]


def seconds(use: Use, near: str) -> float:
    """Of this thread's processor, to look through the whole text once."""
    method = getattr(use.pattern, use.method)
    text: str | bytes = near.encode() if isinstance(use.pattern.pattern, bytes) else near
    start = time.thread_time()
    if use.method in ("sub", "subn"):
        method(text[:0], text)
    elif use.method == "finditer":
        for _ in method(text):
            pass
    else:
        method(text)
    return time.thread_time() - start

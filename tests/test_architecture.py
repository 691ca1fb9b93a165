# test_architecture.py -- the shape of backend/, read from its source: who imports whom, who may do what.
import ast
import importlib.metadata
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.source import BACKEND, MODULES, parse_module

# From the top down. A module imports from its own room and from those below it. Rooms of one line know nothing of
# each other.
LAYERS = [
    {"main", "cli"},
    {"lifespan"},
    {"protocols", "api_docs", "commands"},
    {"console"},
    {"routes", "sampling"},
    {"app_state"},
    {"agent", "doctor"},
    {"llm", "tools", "streaming"},
    {"search", "exports", "imports", "backups", "queries"},
    {"services", "server"},
    {"identity", "events"},
    {"pagination"},
    {"access"},
    {"db"},
    {"storage"},
    {"models"},
    {"dates"},
    {"settings", "security", "logs", "failure_causes", "timings"},
    {"errors", "clock", "cancellation", "due_dates", "entity_tags", "metrics"},
]
LEVELS = {name: level for level, names in enumerate(LAYERS) for name in names}
MOST_LINES = 400
MOST_TEST_LINES = 500
MOST_FILES = 15
# Their files are numbered: the number says where a new one goes, and nobody looks for one by its place.
NUMBERED = {"migrations", "migrations/versions", "specs/decisions"}
# Of all lines of backend/: what one room holds, and one folder in its own files.
MOST_OF_BACKEND = 0.2
MOST_IN_A_FOLDER = 0.1
MOST_LINES_WITH_ANY = 80


def imports(module: str) -> Iterator[tuple[str, str, int]]:
    """What a module imports, inside functions too: the full module name, its first part, the line."""
    for node in ast.walk(parse_module(module)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: a relative import"
            assert node.module is not None
            names = [node.module]
        else:
            continue
        for name in names:
            yield name, name.partition(".")[0], node.lineno


def home(module: str) -> str:
    return Path(module).parts[0].removesuffix(".py")


def test_every_module_has_its_place_in_the_layers() -> None:
    assert {home(module) for module in MODULES} <= LEVELS.keys()


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down_only(module: str) -> None:
    here = home(module)
    up = []
    for name, there, line in imports(module):
        if there not in LEVELS or there == here:
            continue
        if LEVELS[there] <= LEVELS[here]:
            up.append(f"{module}:{line}: {here} imports {name}")
    assert up == []


def test_the_overview_lists_the_rooms_as_they_are() -> None:
    overview = (BACKEND.parent / "specs" / "overview.md").read_text()
    rows = re.findall(r"^\| ((?:`\w+` ?)+)\| ", overview, re.MULTILINE)
    assert [set(re.findall(r"\w+", row)) for row in rows] == LAYERS


def test_the_imports_of_modules_make_no_circle() -> None:
    graph = {
        module.removesuffix(".py").removesuffix("/__init__").replace("/", "."): {
            name for name, _, _ in imports(module)
        }
        for module in MODULES
    }
    # `from assistant import replies` imports the module, not a name of the package.
    for module in MODULES:
        for node in ast.walk(parse_module(module)):
            if isinstance(node, ast.ImportFrom):
                name = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                graph[name] |= {f"{node.module}.{alias.name}" for alias in node.names} & graph.keys()
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"a circle: {' -> '.join([*path[path.index(name) :], name])}"
        if name in done:
            return
        for other in graph[name] & graph.keys() - {name}:
            # A package that names its own modules in its __init__ is no circle.
            if not other.startswith(f"{name}."):
                visit(other, (*path, name))
        done.add(name)

    for name in graph:
        visit(name, ())


def test_no_module_bears_the_name_of_the_standard_library_or_of_an_installed_package() -> None:
    ours = {home(module) for module in MODULES}
    assert not ours & set(sys.stdlib_module_names)
    assert not ours & importlib.metadata.packages_distributions().keys()


@pytest.mark.parametrize("name", ["utils", "util", "core", "common", "helpers", "misc"])
def test_no_module_is_named_for_what_does_not_belong_anywhere(name: str) -> None:
    assert [module for module in MODULES if name in (Path(module).stem, *Path(module).parts)] == []


def test_backend_itself_is_no_package() -> None:
    assert not (BACKEND / "__init__.py").exists()
    assert [name for module in MODULES for name, top, _ in imports(module) if top == "backend"] == []


def test_a_function_name_of_one_word_means_one_thing() -> None:
    homes: dict[str, set[str]] = {}
    for module in MODULES:
        for node in parse_module(module).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.strip("_").isalpha():
                homes.setdefault(node.name, set()).add(module)
    assert {name for name, modules in homes.items() if len(modules) > 1} == set()
    assert {name for name in homes if name.endswith(("ed", "ing"))} <= {"seed"}


def test_only_settings_reads_the_environment() -> None:
    readers = set()
    for module in MODULES:
        for node in ast.walk(parse_module(module)):
            words = {"environ", "environb", "getenv", "getenvb", "BaseSettings", "load_dotenv"}
            named = (isinstance(node, ast.Attribute) and node.attr in words) or (
                isinstance(node, ast.ImportFrom) and words & {alias.name for alias in node.names}
            )
            if named:
                readers.add(module)
    assert readers <= {"settings/__init__.py"}


def test_only_db_commits() -> None:
    """Neither by name nor by opening a transaction of its own; a savepoint (begin_nested) commits nothing."""
    found = set()
    for module in MODULES:
        for node in ast.walk(parse_module(module)):
            if isinstance(node, ast.Attribute) and node.attr in ("commit", "begin", "rollback"):
                found.add((module, node.attr))
    # storage/schema/ creates and stamps the tables before there is anything to serve.
    schema = {("storage/schema/bootstrap.py", "begin"), ("storage/schema/stamp.py", "begin")}
    assert found <= {("db.py", "begin"), ("db.py", "commit"), *schema}


def test_services_and_tools_know_nothing_of_http() -> None:
    http = {"fastapi", "starlette", "httpx", "uvicorn"}
    below = {"agent", "llm", "tools", "search"} | {
        name
        for name, level in LEVELS.items()
        if level >= LEVELS["services"] and name not in ("server", "errors")
    }
    assert [
        (module, name)
        for module in MODULES
        if home(module) in below
        for name, top, _ in imports(module)
        if top in http
    ] == []


def test_a_model_library_is_imported_only_where_a_model_is_configured() -> None:
    """It takes over a second: never at the top of a module that every start imports."""
    tops = [
        (module, node.lineno)
        for module in MODULES
        for node in parse_module(module).body
        for name in imported_by(node)
        if name.partition(".")[0] in ("pydantic_ai", "openai", "anthropic", "google")
        and "providers" not in module
    ]
    assert tops == []
    at_start = {
        name for module in ("main.py",) for node in parse_module(module).body for name in imported_by(node)
    }
    assert "llm.providers" not in at_start


def imported_by(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_short_and_says_what_belongs_in_it(module: str) -> None:
    text = (BACKEND / module).read_text()
    assert len(text.splitlines()) <= MOST_LINES
    if text.strip():
        first = text.splitlines()[0]
        folder = module.removesuffix("__init__.py")
        assert first.startswith((f"# {module} -- ", f"# {folder} -- ")), first


def test_any_is_named_on_few_lines() -> None:
    """It switches mypy off. A line may say why it stands there; imports do not count."""
    lines = [
        f"{module}:{number}: {line.strip()}"
        for module in MODULES
        for number, line in enumerate((BACKEND / module).read_text().splitlines(), 1)
        if re.search(r"\bAny\b", line) and "import" not in line
    ]
    assert len(lines) < MOST_LINES_WITH_ANY, "\n".join(lines)


def test_a_file_of_tests_is_short_too() -> None:
    tests = Path(__file__).resolve().parent
    lengths = {
        str(path.relative_to(tests)): len(path.read_text().splitlines()) for path in tests.rglob("*.py")
    }
    assert {name: length for name, length in lengths.items() if length > MOST_TEST_LINES} == {}


def list_repository() -> list[Path]:
    """What git has, or would have with the next commit; without what has just been deleted."""
    root = BACKEND.parent
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.check_output(command, cwd=root, text=True).split("\0")
    return [Path(name) for name in names if name and (root / name).exists()]


def test_a_folder_has_so_few_files_that_they_are_seen_at_a_glance() -> None:
    files = [path for path in list_repository() if path.name != "__init__.py"]
    counts = Counter(str(path.parent) for path in files)
    assert counts.keys() >= NUMBERED
    full = {name: count for name, count in counts.items() if count > MOST_FILES and name not in NUMBERED}
    assert full == {}


def test_no_room_of_backend_outgrows_the_others() -> None:
    rooms: Counter[str] = Counter()
    folders: Counter[str] = Counter()
    for module in MODULES:
        length = len((BACKEND / module).read_text().splitlines())
        rooms[home(module)] += length
        folders[str(Path(module).parent)] += length
    for lines, most in ((rooms, MOST_OF_BACKEND), (folders, MOST_IN_A_FOLDER)):
        name, count = lines.most_common(1)[0]
        assert count < most * lines.total(), name


def test_the_support_of_tests_says_what_belongs_where() -> None:
    support = Path(__file__).resolve().parent / "support"
    for path in support.rglob("*.py"):
        text = path.read_text()
        place = str(path.relative_to(support.parent)).removesuffix("__init__.py")
        assert not text or text.startswith(f"# {place} -- "), path

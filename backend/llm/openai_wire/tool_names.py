# llm/openai_wire/tool_names.py -- which tool a model means by the name that it, or its server, has written.
import re
from collections.abc import Collection

# Names of namespaces that models put before a tool's: `functions.add_task`, `default_api:add_task`.
_PREFIX = re.compile(
    r"^(?:functions?|tools?|default_api|default|multi_tool_use|assistant|commentary)[.:/]+", re.I
)
# Control tokens of a template that its server left in: `add_task<|channel|>commentary`.
_REST = re.compile(r"<\|.*", re.S)


def resolve_tool_name(said: str, known: Collection[str]) -> str:
    """The known name that is meant; the name as it was said where none is, or where it could be several."""
    if said in known:
        return said
    name = _PREFIX.sub("", _REST.sub("", said).strip().strip("\"'`")).removesuffix("()")
    for candidate in (name, halve_name(name)):
        if candidate in known:
            return candidate
        alike = [other for other in known if fold_name(other) == fold_name(candidate)]
        if len(alike) == 1:
            return alike[0]
    return said


def halve_name(name: str) -> str:
    """`add_taskadd_task` as `add_task`: a proxy has joined what its server repeats in each piece."""
    for times in range(2, 9):
        part = name[: len(name) // times]
        if part and part * times == name:
            return part
    return name


def fold_name(name: str) -> str:
    """Without case and what separates words: AddTask, add-task and add_task are one."""
    return re.sub(r"[\W_]", "", name).lower()

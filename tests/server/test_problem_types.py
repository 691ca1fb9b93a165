# test_problem_types.py -- every fault that the code names is in the table of problems, with its status.
import ast
from http import HTTPStatus

import errors
from errors.problem_types import PROBLEM_TYPES
from server.problems import TITLES
from support.source import MODULES, parse_module


def find_named() -> set[tuple[str, str]]:
    """The class and the type of each error that names one, as they stand in the source."""
    named = set()
    for module in MODULES:
        classes = {
            id(call): node.name
            for node in ast.walk(parse_module(module))
            if isinstance(node, ast.ClassDef)
            for call in ast.walk(node)
        }
        for call in ast.walk(parse_module(module)):
            if not isinstance(call, ast.Call):
                continue
            names = [word.value for word in call.keywords if word.arg == "problem"]
            function = call.func.id if isinstance(call.func, ast.Name) else classes.get(id(call), "")
            named |= {(function, name.value) for name in names if isinstance(name, ast.Constant)}
    return named


def test_every_type_that_is_raised_is_in_the_table_with_its_status() -> None:
    wrong = [
        (raised, name)
        for raised, name in find_named()
        if PROBLEM_TYPES[name].status != getattr(errors, raised).status
    ]
    assert wrong == []


def test_every_type_in_the_table_is_raised_or_is_that_of_a_status() -> None:
    of_statuses = {
        (TITLES.get(status) or HTTPStatus(status).phrase).lower().replace(" ", "-")
        for status in {type_.status for type_ in PROBLEM_TYPES.values()}
    }
    assert PROBLEM_TYPES.keys() == {name for _, name in find_named()} | of_statuses

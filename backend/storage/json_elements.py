# storage/json_elements.py -- an element of a JSON array as text, which each engine writes differently.
from sqlalchemy import Integer, SQLColumnExpression, Text, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class json_element(FunctionElement[str]):  # noqa: N801 -- reads as the SQL function that it is
    """The JSON of the object at this position of an array, counted from 0."""

    inherit_cache = True
    type = Text()

    def __init__(self, array: SQLColumnExpression[object], position: SQLColumnExpression[int]) -> None:
        super().__init__(type_coerce(array, Text), type_coerce(position, Integer))


@compiles(json_element, "postgresql")
def _(element: json_element, compiler: SQLCompiler, **kw: object) -> str:
    array, position = element.clauses
    return f"CAST({compiler.process(array, **kw)} -> {compiler.process(position, **kw)} AS TEXT)"


@compiles(json_element, "mariadb")
def _(element: json_element, compiler: SQLCompiler, **kw: object) -> str:
    array, position = element.clauses
    return f"json_extract({compiler.process(array, **kw)}, concat('$[', {compiler.process(position, **kw)}, ']'))"


@compiles(json_element, "sqlite")
def _(element: json_element, compiler: SQLCompiler, **kw: object) -> str:
    array, position = element.clauses
    return f"json_extract({compiler.process(array, **kw)}, '$[' || {compiler.process(position, **kw)} || ']')"

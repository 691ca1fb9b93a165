# storage/quarter_hours.py -- the quarter of an hour in which a time lies, which each engine computes differently.
from sqlalchemy import BigInteger, SQLColumnExpression
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

SECONDS = 900


class quarter_hour(FunctionElement[int]):  # noqa: N801 -- reads as the SQL function that it is
    """The number of whole quarters of an hour since 1970: days begin with one of them in every time zone."""

    inherit_cache = True
    type = BigInteger()

    def __init__(self, moment: SQLColumnExpression[object]) -> None:
        super().__init__(moment)


@compiles(quarter_hour, "postgresql")
def _(element: quarter_hour, compiler: SQLCompiler, **kw: object) -> str:
    return f"CAST(floor(extract(epoch FROM {compiler.process(element.clauses, **kw)}) / {SECONDS}) AS BIGINT)"


@compiles(quarter_hour, "mariadb")
def _(element: quarter_hour, compiler: SQLCompiler, **kw: object) -> str:
    return f"(timestampdiff(SECOND, '1970-01-01', {compiler.process(element.clauses, **kw)}) DIV {SECONDS})"


@compiles(quarter_hour, "sqlite")
def _(element: quarter_hour, compiler: SQLCompiler, **kw: object) -> str:
    seconds = f"substr({compiler.process(element.clauses, **kw)}, 1, 19)"  # it would round the fraction up
    return f"(CAST(strftime('%s', {seconds}) AS INTEGER) / {SECONDS})"

# queries/allowed.py -- what a query may be made of: whatever is not listed here is refused.
from collections.abc import Mapping

from sqlglot import exp

from queries.catalog import Dialect

# Parts of a SELECT, operators, and what stands in them.
PARTS: frozenset[type[exp.Expr]] = frozenset(
    {
        *(exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.With, exp.CTE),
        *(exp.From, exp.Join, exp.Table, exp.TableAlias, exp.Where, exp.Group, exp.Having, exp.Order),
        *(exp.Ordered, exp.Limit, exp.Offset, exp.Distinct, exp.Window, exp.WindowSpec, exp.Filter),
        *(exp.WithinGroup, exp.Alias, exp.Column, exp.Identifier, exp.Star, exp.Literal, exp.Null),
        *(exp.Boolean, exp.Paren, exp.Tuple, exp.Var, exp.Interval, exp.DataType, exp.DataTypeParam),
        *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In),
        *(exp.Between, exp.Like, exp.ILike, exp.Escape, exp.SimilarTo, exp.RegexpLike, exp.RegexpILike),
        *(exp.Glob, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Exists, exp.Add, exp.Sub),
        *(exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.DPipe, exp.AtTimeZone, exp.JSONPath),
        *(exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript),
    }
)
# Functions by what sqlglot takes them for: they have no effect, wait for nothing, read no file, and do not make a short
# text long.
FUNCTIONS: frozenset[type[exp.Expr]] = frozenset(
    {
        *(exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Stddev, exp.StddevPop, exp.StddevSamp),
        *(exp.Variance, exp.VariancePop, exp.Corr, exp.PercentileCont, exp.PercentileDisc, exp.Mode),
        *(exp.LogicalAnd, exp.LogicalOr, exp.GroupConcat, exp.Coalesce, exp.Nullif, exp.Greatest),
        *(exp.Least, exp.Case, exp.If, exp.Abs, exp.Ceil, exp.Floor, exp.Round, exp.Trunc, exp.Sqrt),
        *(exp.Pow, exp.Exp, exp.Ln, exp.Log, exp.Sign, exp.Cast, exp.Lower, exp.Upper, exp.Length),
        *(exp.Trim, exp.Substring, exp.SubstringIndex, exp.StrPosition, exp.Replace, exp.Concat),
        *(exp.ConcatWs, exp.Left, exp.Right, exp.SplitPart, exp.Initcap, exp.Reverse, exp.StartsWith),
        *(exp.Extract, exp.TimestampTrunc, exp.DateTrunc, exp.CurrentDate, exp.CurrentTimestamp),
        *(exp.CurrentTime, exp.UtcTimestamp, exp.TimeToStr, exp.StrToDate, exp.StrToTime, exp.DateAdd),
        *(exp.DateSub, exp.DateDiff, exp.TimestampDiff, exp.TsOrDsToDate, exp.TsOrDsToTimestamp),
        *(exp.UnixToTime, exp.LastDay, exp.Year, exp.Quarter, exp.Month, exp.Week, exp.WeekOfYear),
        *(exp.Day, exp.DayOfMonth, exp.DayOfWeek, exp.DayOfYear, exp.Dayname, exp.Hour, exp.Minute),
        *(exp.Second, exp.WidthBucket, exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank),
        *(exp.CumeDist, exp.Ntile, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue),
        *(exp.JSONExtract, exp.JSONExtractScalar, exp.JSONValue, exp.Anonymous),
    }
)
# Functions that sqlglot does not know, by their names.
NAMES: Mapping[Dialect, frozenset[str]] = {
    "postgresql": frozenset({"AGE", "MAKE_DATE", "EVERY", "JUSTIFY_DAYS"}),
    "sqlite": frozenset({"DATE", "TIME", "DATETIME", "JULIANDAY", "UNIXEPOCH", "TOTAL"}),
    "mariadb": frozenset(
        {"NOW", "WEEKDAY", "YEARWEEK", "MAKEDATE", "UNIX_TIMESTAMP", "FIELD", "MID", "PERIOD_DIFF"}
    ),
}
TYPES: frozenset[exp.DType] = frozenset(
    {
        *(exp.DType.BOOLEAN, exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT),
        *(exp.DType.UINT, exp.DType.UBIGINT, exp.DType.FLOAT, exp.DType.DOUBLE, exp.DType.DECIMAL),
        *(exp.DType.CHAR, exp.DType.VARCHAR, exp.DType.TEXT, exp.DType.DATE, exp.DType.TIME),
        *(exp.DType.DATETIME, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ, exp.DType.INTERVAL, exp.DType.UUID),
    }
)
# Words that stand in a node as they are, not as a node of their own: each comes from a keyword, or is checked.
TEXTS: Mapping[type[exp.Expr], frozenset[str]] = {
    exp.Identifier: frozenset({"this"}),
    exp.Literal: frozenset({"this"}),
    exp.Var: frozenset({"this"}),
    exp.Anonymous: frozenset({"this"}),
    exp.JSONPathKey: frozenset({"this"}),
    exp.Join: frozenset({"side", "kind", "method"}),
    exp.WindowSpec: frozenset({"kind", "start", "start_side", "end", "end_side"}),
    exp.Window: frozenset({"over"}),
    exp.Trim: frozenset({"position"}),
}
# Parts that nodes of these classes may have; others, such as INTO, FOR UPDATE or TABLESAMPLE, are refused.
ARGUMENTS: Mapping[type[exp.Expr], frozenset[str]] = {
    exp.Select: frozenset(
        {"with_", "expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset"}
        | {"distinct"}
    ),
    exp.Table: frozenset({"this", "db", "alias", "joins"}),
    exp.Subquery: frozenset({"this", "alias", "with_", "order", "limit", "offset"}),
    exp.With: frozenset({"expressions"}),
    exp.CTE: frozenset({"this", "alias"}),
    exp.Limit: frozenset({"expression"}),
    exp.Group: frozenset({"expressions"}),
    exp.Column: frozenset({"this", "table"}),
    exp.DataType: frozenset({"this", "expressions", "nested"}),
    exp.JSONValue: frozenset({"this", "path"}),
    exp.Anonymous: frozenset({"this", "expressions"}),
    exp.Join: frozenset({"this", "on", "using", "side", "kind", "method"}),
}

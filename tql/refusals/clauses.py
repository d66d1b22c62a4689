"""Refusals of clauses, and of combinations of clauses."""

from __future__ import annotations

from tql.refusals.refusal import Refusal, columns

REFUSALS = (
    Refusal("function of when that returns no query", 'select("id").when(True, lambda query: None)'),
    Refusal("query in place of the function of when", 'select("id").when(True, select("id").limit(3))'),
    Refusal("condition on rows in when", 'select("id").when(col("id") > 3, lambda query: query.limit(3))'),
    Refusal("computed column without a name", 'select(col("id") + 1)'),
    Refusal("name twice", 'select("id", id=col("id") + 1)'),
    Refusal("`*` and an alias of a column", 'select("*", a=col("id") + 1)', columns(a="int8")),
    Refusal("alias outside of select", 'select("id").where((col("id") > 1).as_("x"))'),
    Refusal("condition that is None", 'select("id").where(None)'),
    Refusal("condition that is a text", 'select("id").where("id > 3")'),
    Refusal("condition by the name of a column", 'select("id").where(city="Bonn")'),
    Refusal("direction of all sort keys", 'select("id").order_by("year", descending=True)'),
    Refusal("group key with a name", 'select("id").group_by(year="y")'),
    Refusal("columns in distinct", 'select("id").distinct("kind")'),
    Refusal("number of rows", 'select("id").limit(-1)'),
    Refusal("sample size twice", 'select("id").sample_by("id", limit=1, percent=50)'),
    Refusal("size of a sample", 'select("id").sample_by("id", percent=0)'),
    Refusal("`replace` that is no bool", 'select("id").sample_by("id", replace=1)'),
    Refusal("sample of groups", 'select("id", n=fn.count()).group_by("id").sample_by("id")'),
    Refusal("number of parts", 'select("id").from_(select("id").group_by("id")).ungroup_by(0)'),
    Refusal("members of no groups", 'select("id").ungroup_by()'),
    Refusal("groups of `*`", 'select().group_by("id")'),
    Refusal(
        "groups of a grouped query",
        'select("k", m=fn.max("s")).from_(select("k", s=fn.sum("id")).group_by("k")).group_by("k")',
        columns(k="int8"),
    ),
    Refusal("values of a group as a condition", 'select("k").group_by("k").order_by("id")', columns(k="int8")),
    Refusal(
        "values of a group as one value",
        'select("k").from_(select("k", "id").group_by("k")).where(col("id") == 3)',
    ),
    Refusal(
        "smallest or largest of a quotient",
        'select(x=fn.max(col("n") / col("id")))',
        columns(n="nullable int32"),
    ),
    Refusal("aggregate of an aggregate", "select(x=fn.max(fn.count()))"),
    Refusal("aggregate in a query without groups", 'select("id").where(col("id") == fn.max("id"))'),
    Refusal("sum of a text", 'select(x=fn.sum("t"))', columns(t="text")),
    Refusal("mean of the elements of one number", 'select(x=fn.avg("n"))', columns(n="float64")),
    Refusal("sum of an array column", 'select(x=fn.sum("a"))', columns(a="int64[3]")),
    Refusal("smallest of unsigned values that may be null", 'select(x=fn.min("n"))', columns(n="nullable uint64")),
    Refusal("smallest of two columns", 'select(x=fn.min("n"), y=fn.min("t"))', columns(n="nullable int16", t="text")),
    Refusal("limit per an expression", 'select("id").limit(3, per=col("id") + 1)'),
    Refusal("offset as the second argument of limit", 'select("id").limit(5, 10)'),
    Refusal("limit per a column without a number", 'select("id").limit(None, per="id")'),
    Refusal("limit per a column in groups", 'select("id", n=fn.count()).group_by("id").limit(3, per="id")'),
    Refusal("limit per a column that is not selected", 'select("id").limit(3, per="k")', columns(k="text")),
    Refusal("score of groups", 'select("id", n=fn.count()).group_by("id").similarity("e", [1, 0])'),
    Refusal("groups of scores", 'select("id").similarity("e", [1, 0]).group_by("id")'),
    Refusal("name of a column and of an output", 'select("id", a=-col("a")).order_by("a")', columns(a="int8")),
    Refusal("group key that is no output", 'select("id", n=fn.count()).group_by(col("k", of="output"))'),
    Refusal("output of an output", 'select(x=col("id") + 1, y=col("x", of="output") + 1)'),
    Refusal(
        "distinct rows in the order of a column behind an output",
        'select(k=col("id")).distinct().order_by(col("k", of="source"))',
    ),
    Refusal(
        "column behind an output of `*`",
        'select("*", a=col("id") + 1).where(col("a", of="source") > col("a", of="output"))',
    ),
    Refusal("row numbers after a filter", 'select("id").where(col("id") > 2).order_by(fn.row_number())'),
    Refusal(
        "row numbers of ranked words",
        'select("id", n=fn.row_number()).bm25("t", "apple", as_=None).limit(2)',
        columns(t="text bm25"),
    ),
    Refusal(
        "more SELECTs than the engine holds", 'select("id").order_by(*[col("id") + number for number in range(200)])'
    ),
    Refusal("difference from what is no query", 'select("id").diff("select id")'),
    Refusal("weight of zero", 'select("id").sample_by(raw("0"))'),
    Refusal("SQL in the place of a name", 'select("id").order_by("year desc")'),
)

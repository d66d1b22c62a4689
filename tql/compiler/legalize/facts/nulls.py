"""Facts about values that may be missing."""

from __future__ import annotations

from tql.compiler.legalize.cases import in_cases
from tql.compiler.legalize.facts.fact import Fact, columns
from tql.compiler.legalize.rows import drawn
from tql.expressions import operators
from tql.expressions.expr import Expr
from tql.plan.common_types import require_one_type
from tql_grammar.rewrite.comparison import comparison
from tql_grammar.rewrite.json_values import as_computed, of_same_type
from tql_grammar.rewrite.nullable import filtering, guarded, negative, present
from tql_grammar.rewrite.typed import is_null

N, T = columns(n="nullable int16"), columns(t="nullable text")
M = columns(m="json")
FACTS = (
    Fact(
        "comparison with null",
        "Refuses `= null`.",
        "Writes IS NULL for None.",
        Expr.__eq__,
        'select("id").where(col("n") == None)',
        N,
    ),
    Fact(
        "empty text and null",
        "Takes null for the empty text: `t = ''` finds both.",
        "Leaves null out.",
        comparison,
        'select("id").where(col("t") == "")',
        T,
    ),
    Fact(
        "null and !=",
        "Finds null in `t != 'a'`.",
        "Leaves null out: it meets no comparison.",
        comparison,
        'select("id").where(col("t") != "a")',
        T,
    ),
    Fact(
        "JSON and a nullable number",
        "Crashes where it compares JSON with a number that is null.",
        "Computes with the value of JSON, on the right.",
        as_computed,
        'select("id").where(col("m")["n"] != col("v"))',
        columns(m="json", v="nullable int64"),
    ),
    Fact(
        "null text and a column",
        "Takes null for the empty text of the other column.",
        "Leaves null out.",
        filtering,
        'select("id").where(col("t") == col("s"))',
        columns(t="nullable text", s="text"),
    ),
    Fact(
        "null text that differs from a column",
        "Finds null in `t != s`.",
        "Leaves null out.",
        filtering,
        'select("id").where(col("t") != col("s"))',
        columns(t="nullable text", s="text"),
    ),
    Fact(
        "IS NULL of texts",
        "Finds empty texts with IS NULL.",
        "Writes FALSE for a column that is never null.",
        is_null,
        'select("id").where(col("t").is_null())',
        columns(t="text"),
    ),
    Fact(
        "null on the right",
        "Reads 0 or another row's number for a null on the right of an operator.",
        "Tests for null first.",
        filtering,
        'select("id").where(col("id") == col("n"))',
        N,
    ),
    Fact(
        "null and OR",
        "Ends its process on AND or OR of a number that may be null, anywhere but in WHERE.",
        "Tests for null before each comparison.",
        guarded,
        'select(x=(col("n") == 1) | (col("n") == 3))',
        N,
    ),
    Fact(
        "null and OR in a key",
        "Ends its process on AND or OR of a number that may be null in ORDER BY.",
        "Tests for null before each comparison.",
        guarded,
        'select("id").order_by((col("n") == 1) | (col("n") == 3))',
        N,
    ),
    Fact(
        "null and OR in an aggregate",
        "Ends its process on AND or OR of a number that may be null in an aggregate.",
        "Tests for null before each comparison.",
        guarded,
        'select(s=fn.sum((col("n") == 1) | (col("n") == 3))).group_by("k")',
        columns(k="int8", n="nullable int16"),
    ),
    Fact(
        "null and BETWEEN",
        "Ends its process on BETWEEN over a number that may be null.",
        "Writes two comparisons.",
        operators.between,
        'select("id").where(col("n").between(1, 5))',
        N,
    ),
    Fact(
        "null in arithmetic",
        "Reads a null on the right of `+` as 0.",
        "Exchanges the sides: null plus a number is null.",
        guarded,
        'select(x=col("id") + col("n"))',
        N,
    ),
    Fact(
        "negative of null",
        "Returns garbage behind a unary minus.",
        "Multiplies by -1.",
        negative,
        'select(x=-col("n"))',
        N,
    ),
    Fact(
        "condition on the negative of null",
        "Ends its process on a unary minus before a null in WHERE.",
        "Multiplies by -1.",
        negative,
        'select("id").where(-col("n") < 0)',
        N,
    ),
    Fact(
        "function of null",
        "Shifts the values of the following rows past a null inside of a function.",
        "Reads 1 in place of a null, and makes the result null again.",
        present,
        'select(x=fn.abs("n"))',
        N,
    ),
    Fact(
        "division by null",
        "Divides by garbage where the divisor is null.",
        "Reads 1 in place of a null, and makes the result null again.",
        present,
        'select(x=6 / col("n"))',
        N,
    ),
    Fact(
        "two nulls",
        "Reads a null on the right of `+` as 0.",
        "Adds a column that is null where one of them is, by one query for each case.",
        in_cases,
        'select(x=col("n") + col("m"))',
        columns(n="nullable int64", m="nullable int64"),
    ),
    Fact(
        "nulls of two types",
        "Ends its process on a set operation of nulls of two types, so no column is null where one of them is.",
        "Refuses it where both may be null.",
        guarded,
        'select(x=col("n") + col("m"))',
        columns(n="nullable int64", m="nullable int16"),
    ),
    Fact(
        "computed nulls in a set operation",
        "Reads zeros, or ends its process, as the null of `n + 1` has the type of `n`.",
        "Refuses it where the types differ and a value may be null.",
        require_one_type,
        'select(x=col("n") + 1).union_all(select(x=col("n") + 1))',
        N,
    ),
    Fact(
        "null as a weight",
        "Ends its process on the comparison of a null in SAMPLE BY.",
        "Tests for null before the comparison.",
        drawn,
        'select("id").sample_by(fn.max_weight((col("n") > 2, 1)), replace=False, limit=1)',
        N,
    ),
    Fact(
        "types in JSON",
        "Orders values of all types, null, lists and objects before texts, and texts before numbers: `m['n'] < 5` finds null and texts.",
        "Adds a bound that only values of the type of the literal meet.",
        of_same_type,
        'select("id").where(col("m")["n"] < 5)',
        M,
    ),
    Fact(
        "JSON texts and numbers",
        "Orders numbers after all texts: `m['s'] > 'b'` finds them.",
        "Adds a bound that only texts meet.",
        of_same_type,
        'select("id").where(col("m")["s"] > "b")',
        M,
    ),
    Fact(
        "JSON null and !=",
        "Finds null in `m['n'] != 1`.",
        "Leaves null out of WHERE: it meets no comparison.",
        of_same_type,
        'select("id").where(col("m")["n"] != 1)',
        M,
    ),
)

"""Facts about order, limit, sample and the select list."""

from __future__ import annotations

from tql.compiler.legalize.facts.fact import Fact, columns
from tql.compiler.legalize.rows import drawn, ordered, selected
from tql.compiler.pack import needs_new_select
from tql.compiler.resolve import resolve
from tql.expressions.expr import expression
from tql.plan.names import reject_ambiguous
from tql.plan.positions import has_row_number, require_source_order
from tql_grammar.rewrite.nullable import guarded
from tql_grammar.rewrite.order import physical, sorts

FACTS = (
    Fact(
        "several keys",
        "Sorts by the first key and ignores the others.",
        "One subquery for each key, the least significant one innermost: a sort keeps the order of ties.",
        ordered,
        'select("id").order_by("a", desc("b"))',
        columns(a="int8", b="int8"),
    ),
    Fact(
        "ties",
        "Reverses ties too when it sorts in descending order.",
        "Reverses the direction of each inner key once for every DESC outside of it, and starts from the reversed rows where the number of DESC is odd.",
        physical,
        'select("id").order_by(desc("a"), "b")',
        columns(a="int8", b="int8"),
    ),
    Fact(
        "integer keys",
        "Compares sort keys as float32: integers beyond `2**24` that agree in 24 bits tie, such as seconds since 1970.",
        "Sorts by parts that a float32 holds.",
        sorts,
        'select("id").order_by("t")',
        columns(t="int32"),
    ),
    Fact(
        "large integer keys",
        "Compares sort keys as float32: ids beyond `2**53` tie in groups of billions.",
        "Sorts by three parts of 22 bits.",
        sorts,
        'select("id").order_by("t")',
        columns(t="int64"),
    ),
    Fact(
        "large unsigned keys",
        "Compares sort keys as float32, and computes uint64 as float64.",
        "Sorts by three parts of the negative, which is an int64.",
        sorts,
        'select("id").order_by("u")',
        columns(u="uint64"),
    ),
    Fact(
        "computed keys",
        "Compares computed keys as float32 too.",
        "Sorts by parts of what is computed, by the type that it has.",
        sorts,
        'select("id").order_by(col("a") * col("b"))',
        columns(a="int32", b="int32"),
    ),
    Fact(
        "decimal keys",
        "Compares sort keys as float32: prices with more than 7 digits tie.",
        "Sorts by the number, by what a float32 leaves of it, and by the rest of that.",
        sorts,
        'select("id").order_by("x")',
        columns(x="float64"),
    ),
    Fact(
        "NaN in a key",
        "Returns the rows in no order where one key is NaN.",
        "Puts NaN last before it sorts.",
        sorts,
        'select("id").order_by("x")',
        columns(x="float32"),
    ),
    Fact(
        "NaN in a computed key",
        "Returns the rows in no order where one computed key is NaN, such as `0 / 0`.",
        "Puts NaN last before it sorts.",
        sorts,
        'select("id").order_by(col("a") / col("b"))',
        columns(a="float64", b="float64"),
    ),
    Fact(
        "null in a key",
        "Refuses to sort by a number that may be null.",
        "Sorts by the sum of the one number, null last.",
        sorts,
        'select("id").order_by("n")',
        columns(n="nullable int16"),
    ),
    Fact(
        "condition on null as a key",
        "Refuses to sort by a condition on a number that may be null.",
        "Tests for null first: the condition is then true or false.",
        guarded,
        'select("id").order_by(col("n") > 0)',
        columns(n="nullable int64"),
    ),
    Fact(
        "array as a key",
        "Refuses arrays as keys.",
        "Refuses the key.",
        sorts,
        'select("id").order_by("e")',
        columns(e="int64[3]"),
    ),
    Fact(
        "alias as a key",
        "Does not find an alias in the SELECT that makes it.",
        "Sorts and filters by it in the outer SELECT.",
        resolve,
        'select("id", late=col("id") > 3).order_by("late")',
    ),
    Fact(
        "alias of a column's name",
        "Sorts by the column of the source where an alias has the same name.",
        "Refuses the name, and asks which of the two is meant.",
        reject_ambiguous,
        'select("id", a=-col("a")).order_by("a")',
        columns(a="int8"),
    ),
    Fact(
        "an alias and `*`",
        "Replaces the column of the source where an alias next to `*` has the same name.",
        "Refuses the alias.",
        selected,
        'select("*", a=col("id") + 1)',
        columns(a="int8"),
    ),
    Fact(
        "row_number()",
        "Numbers the rows of the result, after WHERE.",
        "Numbers the rows of the source: other clauses are in the outer SELECT.",
        has_row_number,
        'select("id", n=fn.row_number()).where(col("id") > 2)',
    ),
    Fact(
        "row_number() as a key",
        "Numbers the rows that WHERE keeps when it sorts.",
        "Refuses the key.",
        require_source_order,
        'select("id").where(col("id") > 2).order_by(desc(fn.row_number()))',
    ),
    Fact(
        "weight 0",
        "Draws rows of weight 0 when the others are used up, and never ends where all rows have it.",
        "Leaves them out before it draws.",
        drawn,
        'select("id").sample_by("w", replace=False)',
        columns(w="int64"),
    ),
    Fact(
        "order of a sample",
        "Draws after it sorts, so the order is lost.",
        "Sorts the rows that were drawn.",
        needs_new_select,
        'select("id").sample_by(col("a") + 1, replace=False).order_by("a")',
        columns(a="int8"),
    ),
    Fact(
        "weights of zero",
        "Draws rows with the weight 0 when all others are drawn.",
        "Leaves out the rows whose weight is not above 0.",
        drawn,
        'select("id").sample_by("w", replace=False)',
        columns(w="float64"),
    ),
    Fact(
        "no weight above zero",
        "Never ends where no weight is above 0, and blocks every other query of its process.",
        "Refuses a constant, and leaves out the rows whose weight is not above 0.",
        expression,
        'select("id").sample_by(0.0)',
    ),
)

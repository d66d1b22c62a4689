"""Facts about groups and aggregates."""

from __future__ import annotations

from tql.compiler.expand import distinct
from tql.compiler.extremes import extremes
from tql.compiler.grouped import refuse_stray_aggregates, require_groups
from tql.compiler.groups import PostAggregation, is_compound, refuse_groups_of_groups
from tql.compiler.legalize.cheapest import countable
from tql.compiler.legalize.facts.fact import Fact, columns
from tql.compiler.legalize.groups import AggregateBuilder, may_have_sequences
from tql.compiler.pack import needs_new_select
from tql.compiler.reductions import without_nulls
from tql.expressions.aggregates import FORMS
from tql_grammar.rewrite.order import group_keys

K, N = columns(k="int8"), columns(k="int8", n="nullable int16")
FACTS = (
    Fact(
        "keys of groups",
        "Returns the key once for each row of its group, as a sequence.",
        "Takes the first.",
        AggregateBuilder.output,
        'select("k", s=fn.sum("id")).group_by("k")',
        K,
    ),
    Fact(
        "sum of a group",
        "Keeps the type of the column, in which a sum wraps; the sum of bools is a bool.",
        "Sums in 64 bits.",
        FORMS["sum"],
        'select(s=fn.sum("u")).group_by("k")',
        columns(k="int8", u="uint8"),
    ),
    Fact(
        "count",
        "Has no function for the number of rows: the sum of a literal is the literal.",
        "Counts by the length of a column that is never null, or sums a column of ones.",
        countable,
        'select("k", n=fn.count()).group_by("k")',
        K,
    ),
    Fact(
        "large keys of groups",
        "Compares keys as float32: integers that agree in 24 bits fall into one group.",
        "Groups by the number, and by its remainder, which differs for integers with the same float32.",
        group_keys,
        'select("t", s=fn.sum("id")).group_by("t")',
        columns(t="int32"),
    ),
    Fact(
        "large integer keys of groups",
        "Compares keys as float32: ids beyond `2**53` fall into one group.",
        "Groups by the number, and by two remainders, which differ for integers with the same float32.",
        group_keys,
        'select("t", s=fn.sum("id")).group_by("t")',
        columns(t="int64"),
    ),
    Fact(
        "decimal keys of groups",
        "Compares keys as float32: prices with more than 7 digits fall into one group.",
        "Groups by the number, by what a float32 leaves of it, and by the rest of that.",
        group_keys,
        'select("x", s=fn.sum("id")).group_by("x")',
        columns(x="float64"),
    ),
    Fact(
        "NaN in a group's key",
        "Puts all rows into one group where one key is NaN.",
        "Groups by the test for NaN first.",
        group_keys,
        'select("x", s=fn.sum("id")).group_by("x")',
        columns(x="float32"),
    ),
    Fact(
        "null in a group's key",
        "Refuses to group by a number that may be null.",
        "Groups by the sum of the one number, and by the test for null.",
        group_keys,
        'select("n", s=fn.sum("id")).group_by("n")',
        N,
    ),
    Fact(
        "condition on null in a group's key",
        "Refuses to group by a condition on a number that may be null.",
        "Tests for null first: the condition is then true or false.",
        AggregateBuilder.output,
        'select(x=col("n") > 0, s=fn.sum("id")).group_by("x")',
        N,
    ),
    Fact(
        "sum of a condition on null",
        "Refuses to sum a condition on a number that may be null.",
        "Tests for null first.",
        AggregateBuilder.output,
        'select(s=fn.sum(col("n") > 0)).group_by("k")',
        N,
    ),
    Fact(
        "sum of nulls",
        "Refuses to reduce numbers that may be null.",
        "Reduces the sum of each single number, which is 0 for null.",
        without_nulls,
        'select("k", s=fn.sum("n")).group_by("k")',
        N,
    ),
    Fact(
        "mean of nulls",
        "Refuses to reduce numbers that may be null.",
        "Divides the sum by the number of rows without null.",
        without_nulls,
        'select("k", s=fn.mean("n")).group_by("k")',
        N,
    ),
    Fact(
        "smallest of nulls",
        "Refuses to reduce numbers that may be null.",
        "Sorts nulls last: the first of a group is null where all are. Reduces with nulls beyond every number.",
        extremes,
        'select("k", s=fn.min("n")).group_by("k")',
        N,
    ),
    Fact(
        "smallest of NaN",
        "Returns NaN as the smallest and the largest only if it is the first of the group, and leaves it out elsewhere.",
        "Adds a sum of zeros, which is NaN if one of the numbers is.",
        AggregateBuilder.with_nan,
        'select("k", s=fn.min("x")).group_by("k")',
        columns(k="int8", x="float32"),
    ),
    Fact(
        "smallest of texts",
        "Cannot reduce texts.",
        "Sorts by the text, and takes the first of each group.",
        extremes,
        'select("k", s=fn.min("t")).group_by("k")',
        columns(k="int8", t="text"),
    ),
    Fact(
        "condition on groups",
        "Ignores HAVING.",
        "Filters groups in the outer SELECT.",
        PostAggregation.read,
        'select("k").group_by("k").where(fn.sum("id") > 1)',
        K,
    ),
    Fact(
        "limit of groups",
        "Cuts the rows before it groups them.",
        "Cuts the groups in the outer SELECT.",
        needs_new_select,
        'select("k").group_by("k").limit(2)',
        K,
    ),
    Fact(
        "arithmetic with aggregates",
        "Never ends on arithmetic with two aggregates where there are no groups.",
        "Computes it in the outer SELECT.",
        is_compound,
        'select("k", x=fn.sum("v") - fn.sum("w")).where(col("k") > 9).group_by("k")',
        columns(k="int8", v="int8", w="int8"),
    ),
    Fact(
        "single values of groups",
        "Returns a sequence for a column that is no key.",
        "Asks how to reduce it where the groups are filtered or sorted by it.",
        PostAggregation.read,
        'select("k").group_by("k").order_by("id")',
        K,
    ),
    Fact(
        "groups of `*`",
        "Returns a sequence for each column.",
        "Asks for the columns by name.",
        AggregateBuilder.output,
        'select().group_by("k")',
        K,
    ),
    Fact(
        "groups of groups",
        "Cannot group the rows of a grouped query.",
        "Refuses it.",
        refuse_groups_of_groups,
        'select("k", m=fn.max("s")).from_(select("k", s=fn.sum("id")).group_by("k")).group_by("k")',
        K,
    ),
    Fact(
        "aggregates of rows",
        "Takes an aggregate for a function of each row where there are no groups.",
        "Refuses it.",
        refuse_stray_aggregates,
        'select("id").where(col("id") == fn.max("id"))',
    ),
    Fact(
        "duplicates",
        "Ignores DISTINCT.",
        "Groups by every column.",
        distinct,
        'select("k").distinct()',
        K,
    ),
    Fact(
        "members of groups",
        "Returns no row for UNGROUP BY over rows that are no groups.",
        "Refuses it.",
        require_groups,
        'select("id").ungroup_by()',
    ),
    Fact(
        "sequences",
        "Cannot group rows with a sequence, even if the query does not read it.",
        "Selects the columns that the query reads in a subquery.",
        may_have_sequences,
        'select("k", m=fn.max("id")).group_by("k")',
        columns(k="text", q="sequence text[?]"),
    ),
)

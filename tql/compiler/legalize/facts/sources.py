"""Facts about set operations, joins and aliases of sources."""

from __future__ import annotations

from tql.compiler.joins import over_both, over_one
from tql.compiler.legalize.facts.fact import Fact, columns
from tql.compiler.legalize.joins import inner_pairs, key_guards, outer_pairs, require_comparable
from tql.compiler.legalize.rows import concatenated
from tql.compiler.sets import set_operation
from tql.compiler.unmatched import told_apart
from tql.plan.common_types import require_one_type
from tql_grammar.rewrite.unmatched import require_elements

K, R = columns(k="int8"), columns(r="int16", t="text")
# A dataset joined to itself, by the same column and by a reference to its ids.
TWICE = '.from_("mem://a", alias="a").join("mem://a", col("{0}", of="a") == col("{0}", of="b"), alias="b")'
REFERRED = '.from_("mem://a", alias="a").join("mem://a", col("r", of="a") == col("id", of="b"), alias="b")'
LEFT = REFERRED.removesuffix(")") + ', how="left")'
OTHER = (
    'select(x=col("id", of="a"), t=col("t", of="b")).from_("mem://a", alias="a")'
    '.join(select("id", "t").from_("mem://a"){0}, col("r", of="a") == col("id", of="b"), how="left", alias="b")'
)
PAIRS = 'select(x=col("id", of="a"), y=col("id", of="b"))' + TWICE
FACTS = (
    Fact(
        "array that a join lacks",
        "Reads an array of an outer join as an empty one where nothing matches, in a query over the join: a distance is 0.",
        "Refuses functions and elements of it, unless a condition leaves those rows out.",
        require_elements,
        f'select("x", n=fn.l2_norm("e")).from_(select(x=col("id", of="a"), e=col("e", of="b")){LEFT})',
        columns(e="embedding[4]", r="int16"),
    ),
    Fact(
        "UNION",
        "Keeps duplicates where columns are named.",
        "Groups the rows of both by every column.",
        set_operation,
        'select("k").union(select("k"))',
        K,
    ),
    Fact(
        "UNION ALL",
        "Drops the rows that both queries have where they select all columns of one dataset.",
        "Marks each row with the number of its query.",
        set_operation,
        'select("id").where(col("id") < 2).union_all(select("id").where(col("id") < 1))',
    ),
    Fact(
        "limit after UNION",
        "Ignores LIMIT after a set operation.",
        "Cuts the rows in the outer SELECT.",
        set_operation,
        'select("id").where(col("id") < 2).union_all(select("id")).limit(3)',
    ),
    Fact(
        "INTERSECT",
        "Refuses INTERSECT of named columns.",
        "Groups the rows of both, and keeps the groups with rows of both.",
        set_operation,
        'select("k").intersect(select("k").where(col("k") > 0))',
        K,
    ),
    Fact(
        "EXCEPT",
        "Refuses EXCEPT of named columns.",
        "Groups the rows of both, and keeps the groups with rows of the first only.",
        set_operation,
        'select("k").except_(select("k").where(col("k") > 0))',
        K,
    ),
    Fact(
        "chains of set operations",
        "Refuses chains of INTERSECT, also of all columns of one dataset.",
        "Groups the rows of all queries at once: the queries that a row is from decide.",
        set_operation,
        'select("k").where(col("k") < 3).intersect(select("k").where(col("k") > 2)).intersect(select("k"))',
        K,
    ),
    Fact(
        "sets of sorted rows",
        "Merges row numbers, and returns wrong rows where one of the queries is sorted.",
        "Groups the rows of both.",
        set_operation,
        'select("k").order_by(desc("k")).limit(5).intersect(select("k").where(col("k") > 10))',
        K,
    ),
    Fact(
        "sets of nulls of two types",
        "Shifts the values past a null where it brings columns to one type.",
        "Refuses columns of two types of which one may be null.",
        require_one_type,
        'select(x="id").union_all(select(x="n"))',
        columns(n="nullable int16"),
    ),
    Fact(
        "class labels in sets",
        "Returns class labels of the second query as lists.",
        "Selects their numbers.",
        concatenated,
        'select("c").union_all(select("c"))',
        columns(c="class label int32"),
    ),
    Fact(
        "keys of a join",
        "Compares the keys of a join as float32: integers that agree in 24 bits match.",
        "Joins by a remainder that a float32 holds, and compares the keys once more.",
        inner_pairs,
        PAIRS.format("t"),
        columns(t="int32"),
    ),
    Fact(
        "decimal keys of a join",
        "Compares the keys of a join as float32: prices with more than 7 digits match.",
        "Joins by a remainder that a float32 holds, and compares the keys once more.",
        inner_pairs,
        PAIRS.format("x"),
        columns(x="float64"),
    ),
    Fact(
        "keys of a left join",
        "Compares the keys of left and right joins as float32 too.",
        "Adds the rows without a match to the pairs whose keys are equal.",
        outer_pairs,
        PAIRS.format("t").removesuffix(")") + ', how="left")',
        columns(t="int32"),
    ),
    Fact(
        "NaN in the key of a join",
        "Never ends where both sides have NaN.",
        "Leaves NaN out: it equals nothing.",
        key_guards,
        PAIRS.format("x"),
        columns(x="float32"),
    ),
    Fact(
        "null in the key of a join",
        "Matches null with null, and with the empty text.",
        "Leaves null out: it equals nothing.",
        key_guards,
        PAIRS.format("t"),
        columns(t="nullable text"),
    ),
    Fact(
        "null number in the key of a join",
        "Refuses to join by a number that may be null.",
        "Leaves null out: it equals nothing.",
        key_guards,
        'select(x=col("id", of="a"), y=col("id", of="b"))' + REFERRED.replace('"r", of="a"', '"n", of="a"'),
        columns(n="nullable int64"),
    ),
    Fact(
        "left and right joins",
        "Returns other rows, or fails, where a row has no match and the other source is filtered.",
        "Adds a row of nulls to the other source, and matches it with what has no match.",
        outer_pairs,
        'select(x=col("id", of="a"), t=col("t", of="b")).from_("mem://a", alias="a")'
        '.join(select("id", "t").from_("mem://a").where(col("id") > 0), col("r", of="a") == col("id", of="b"), how="left", alias="b")',
        R,
    ),
    Fact(
        "empty source of a join",
        "Returns no row for a left join with a source without rows.",
        "Adds a row of nulls to the other source, and matches it with what has no match.",
        outer_pairs,
        OTHER.format('.where(col("id") > 9)'),
        R,
    ),
    Fact(
        "cut source of a join",
        "Reads garbage, or fails, where a row has no match in a source that is sorted and cut.",
        "Adds a row of nulls to the other source, and matches it with what has no match.",
        outer_pairs,
        OTHER.format('.order_by(desc("id")).limit(1)'),
        R,
    ),
    Fact(
        "conditions on what has no match",
        "Takes a row without a match for a row with empty values: `t != 'y'` finds it.",
        "Tests first whether there is a match.",
        told_apart,
        'select(x=col("id", of="a"))' + LEFT + '.where(col("t", of="b") != "y")',
        R,
    ),
    Fact(
        "IS NULL and what has no match",
        "Finds empty texts with IS NULL after a left join.",
        "Tests whether there is a match.",
        told_apart,
        'select(x=col("id", of="a"))' + LEFT + '.where(col("t", of="b").is_null())',
        R,
    ),
    Fact(
        "conditions on both sides of a join",
        "Takes `a.id` and `b.id` for the same column in WHERE.",
        "Filters in the outer SELECT, where each column has a name of its own.",
        over_both,
        'select(x=col("id", of="a"))' + REFERRED + '.where(col("id", of="a") > col("id", of="b"))',
        R,
    ),
    Fact(
        "`*` of a join",
        "Refuses `*` where both sources have a column of one name.",
        "Asks for the columns by name.",
        over_both,
        "select()" + REFERRED,
        R,
    ),
    Fact(
        "join of int64 and uint64",
        "Compares the two types as float64, so close values beyond `2**53` match.",
        "Refuses it.",
        require_comparable,
        'select(x=col("id", of="a"))' + REFERRED.replace('"id", of="b"', '"u", of="b"'),
        columns(r="int64", u="uint64"),
    ),
    Fact(
        "alias of the only source",
        "Does not find the alias of the only source in a query with an order.",
        "Writes plain names.",
        over_one,
        'select(id=col("id", of="u")).from_("mem://a", alias="u").order_by(col("k", of="u"))',
        K,
    ),
)

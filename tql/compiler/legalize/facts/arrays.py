"""Facts about arrays, vectors and JSON."""

from __future__ import annotations

from tql.compiler.legalize.facts.fact import Fact, columns
from tql.compiler.resolve import inside_json
from tql.expressions.subscripts import indices
from tql_grammar.rewrite.json_values import (
    excluding_null,
    quantified,
    require_comparable,
    require_inside,
    require_selectable,
    value_first,
)
from tql_grammar.rewrite.order import sorts
from tql_grammar.rewrite.subscript import merged, subscript
from tql_grammar.rewrite.typed import require_length, require_vectors

E, A, M = columns(e="embedding[4]"), columns(a="int64[3]"), columns(m="json")
FACTS = (
    Fact(
        "index from the end",
        "Refuses negative indices.",
        "Counts from the start.",
        subscript,
        'select(x=col("e")[-1])',
        E,
    ),
    Fact(
        "index beyond the end",
        "Returns the last element, or none, for an index beyond the end.",
        "Refuses it where the length is known.",
        subscript,
        'select(x=col("e")[9])',
        E,
    ),
    Fact(
        "index into rows of one shape",
        "Reads all elements from there on where it reads many rows at once.",
        "Takes the product of a slice of one.",
        subscript,
        'select(x=col("a")[1])',
        A,
    ),
    Fact(
        "column of matrices",
        "Reads whole rows for a column of a matrix.",
        "Reads it from a computed array, where an index is one element.",
        subscript,
        'select("id").where(fn.any(col("b")[:, 0] == 9))',
        columns(b="int64[2, 2]"),
    ),
    Fact(
        "slice without an end",
        "Takes `[1:]` of a computed array for its second element.",
        "Writes the end where the length is known, and refuses the slice otherwise.",
        subscript,
        'select(x=(col("a") + 1)[1:])',
        A,
    ),
    Fact(
        "slice of rows of several lengths",
        "Reads elements of the next row where a slice begins later than at 0.",
        "Refuses it.",
        subscript,
        'select(x=col("a")[1:3])',
        columns(a="int64[?]"),
    ),
    Fact(
        "slice without elements",
        "Ends its process on a slice with the step 0.",
        "Refuses slices without elements.",
        indices,
        'select(x=col("e")[0:4:0])',
        E,
    ),
    Fact(
        "two subscripts",
        "Reads a row for `b[0][1]`.",
        "Writes one subscript.",
        merged,
        'select(x=col("b")[0][1])',
        columns(b="int64[?, ?]"),
    ),
    Fact(
        "index between slices",
        "Ignores an index between two slices.",
        "Refuses it.",
        subscript,
        'select(x=col("c")[:, 0, :])',
        columns(c="int64[2, 2, 2]"),
    ),
    Fact(
        "vector of another length",
        "Finds no row, without an error, in a norm of a difference.",
        "Refuses the vector.",
        require_length,
        'select("id").where(fn.l2_norm(col("e") - [1, 1, 1]) < 9)',
        E,
    ),
    Fact(
        "cosine of matrices",
        "Divides each row's cosine by the length of the whole matrix.",
        "Refuses it.",
        require_vectors,
        'select(x=fn.cosine_similarity("b", [1, 1]))',
        columns(b="float32[2, 2]"),
    ),
    Fact(
        "keys of JSON",
        "Finds no row for `any(keys(m) = 'k')`.",
        "Writes CONTAINS.",
        quantified,
        'select("id").where(fn.any(fn.keys("m") == "k"))',
        M,
    ),
    Fact(
        "elements of a list in JSON",
        "Compares no element of a list in JSON, except by `=` inside of CONTAINS.",
        "Refuses other comparisons.",
        quantified,
        'select("id").where(fn.any(col("m")["l"] > 1))',
        M,
    ),
    Fact(
        "null in JSON",
        "Takes null in JSON for smaller than every other value: `<`, `<=` and `!=` find it.",
        "Leaves null out of WHERE: it meets no comparison.",
        excluding_null,
        'select("id").where(col("m")["n"] < 5)',
        M,
    ),
    Fact(
        "JSON on the right",
        "Takes `<` for `<=`, and `<=` for `<`, where a value of JSON is on the right.",
        "Exchanges the sides.",
        value_first,
        'select("id").where(col("id") < col("m")["n"])',
        M,
    ),
    Fact(
        "order of two values of JSON",
        "Takes `<` for `<=`, and `<=` for `<`, between two values of JSON.",
        "Refuses it; arithmetic says that the values are numbers.",
        require_comparable,
        'select("id").where(col("m")["n"] >= col("m")["k"])',
        M,
    ),
    Fact(
        "alias of a text in JSON",
        "Does not find a text of JSON by an alias.",
        "Reads the key again in the condition.",
        inside_json,
        'select("id", s=col("m")["s"]).where(col("s") == "x")',
        M,
    ),
    Fact(
        "text of JSON from a subquery",
        "Does not find a text of JSON that a subquery selects.",
        "Refuses the condition.",
        require_inside,
        'select("id").from_(select("id", s=col("m")["s"])).where(col("s") == "x")',
        M,
    ),
    Fact(
        "conditions on JSON as outputs",
        "Ends its process on AND or OR over JSON in the select list.",
        "Refuses it.",
        require_selectable,
        'select(x=(col("m")["n"] == 1) | (col("id") == 1))',
        M,
    ),
    Fact(
        "groups of JSON",
        "Puts all rows into one group.",
        "Refuses JSON as a key.",
        sorts,
        'select("m").distinct()',
        M,
    ),
)

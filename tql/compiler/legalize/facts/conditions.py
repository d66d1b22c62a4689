"""Facts about comparisons, lists and ranges."""

from __future__ import annotations

from tql.compiler.legalize.facts.fact import Fact, columns
from tql.expressions import operators
from tql_grammar.printing.expressions import balanced
from tql_grammar.rewrite.arguments import require_arguments
from tql_grammar.rewrite.comparison import comparison
from tql_grammar.rewrite.fitting import fit, rounded
from tql_grammar.rewrite.logic import negation
from tql_grammar.rewrite.membership import membership
from tql_grammar.rewrite.typed import require_truth

FACTS = (
    Fact(
        "CONTAINS of a number",
        "Finds no row for CONTAINS of a column of numbers, and every row for its negation.",
        "Refuses it.",
        require_arguments,
        'select("id").where(~fn.contains("u", 3))',
        columns(u="uint8"),
    ),
    Fact(
        "CONTAINS of a number in texts",
        "Finds no row for a number in a text, and every row for its negation.",
        "Refuses it.",
        require_arguments,
        'select("id").where(~fn.contains("t", 3))',
        columns(t="text"),
    ),
    Fact(
        "ANY of texts",
        "Finds no row for ANY of a column of texts, and every row for its negation.",
        "Refuses it.",
        require_arguments,
        'select("id").where(~fn.any("t"))',
        columns(t="text"),
    ),
    Fact(
        "fractions in IN",
        "Casts the members of IN to the type of the column: 2.9 matches 2.",
        "Drops the members that the type cannot hold; where the type is unknown, it writes equalities.",
        membership,
        'select("id").where(col("id").in_([2.9, 3]))',
    ),
    Fact(
        "large members of IN",
        "Wraps the members of IN: 256 matches 0 in a uint8.",
        "Drops the members that the type cannot hold.",
        membership,
        'select("id").where(col("u").in_([256, 2]))',
        columns(u="uint8"),
    ),
    Fact(
        "negative members of IN",
        "Refuses negative members of IN for unsigned numbers.",
        "Drops the members that the type cannot hold.",
        membership,
        'select("id").where(col("u").in_([-1, 1]))',
        columns(u="uint8"),
    ),
    Fact(
        "large members of NOT IN",
        "Wraps the members of IN: NOT IN (256) leaves out 0 in a uint8.",
        "Drops the members that the type cannot hold.",
        membership,
        'select("id").where(col("u").not_in([256]))',
        columns(u="uint8"),
    ),
    Fact(
        "NOT before IN",
        "Reads `NOT id IN ..` as `(NOT id) IN ..`.",
        "Writes parentheses.",
        negation,
        'select("id").where(~col("id").in_([1]))',
    ),
    Fact(
        "query in IN",
        "Never runs a query inside IN: IN is false for every row.",
        "Refuses it.",
        operators.membership,
        'select("id").where(col("id").in_(select("id")))',
    ),
    Fact(
        "bounds of BETWEEN",
        "Casts the bounds of BETWEEN to the type of the column: 300 is 44 in a uint8, and 1.5 is 1.",
        "Writes comparisons, and BETWEEN only with integers that the type holds.",
        operators.between,
        'select("id").where(col("u").between(1, 300))',
        columns(u="uint8"),
    ),
    Fact(
        "fractions and an index",
        "Casts a fraction to the type of an indexed column: `v < 1.5` is `v < 1`.",
        "Compares with an integer that means the same.",
        fit,
        'select("id").where(col("v") < 1.5)',
        columns(v="int64 inverted"),
    ),
    Fact(
        "float32 and a literal",
        "Compares a float32 with the float64 of the literal: no float32 equals 0.1.",
        "Rounds the literal to the type of the column.",
        rounded,
        'select("id").where(col("x") == 0.1)',
        columns(x="float32"),
    ),
    Fact(
        "large uint64",
        "Compares a uint64 as float64, so close values beyond `2**53` are equal.",
        "Writes BETWEEN, which compares exactly.",
        comparison,
        'select("id").where(col("u") == 9007199254740993)',
        columns(u="uint64"),
    ),
    Fact(
        "array in a comparison",
        "Compares the first element of the array only.",
        "Refuses it; `fn.any(..)` and `fn.all(..)` compare all elements.",
        comparison,
        'select("id").where(col("e") > 0.5)',
        columns(e="float32[2]"),
    ),
    Fact(
        "text as a condition",
        "Takes every text for false.",
        "Refuses it.",
        require_truth,
        'select("id").where(col("t"))',
        columns(t="text"),
    ),
    Fact(
        "long chains",
        "Ends its process on a chain of about 2,000 conditions.",
        "Writes chains of chains.",
        balanced,
        'select("id").where(*(col("id") != n for n in range(5000)))',
    ),
)

"""Facts about texts and patterns."""

from __future__ import annotations

from tql.compiler.legalize.facts.fact import Fact, columns
from tql.expressions.patterns import like_or_empty, pattern
from tql_grammar.rewrite.comparison import comparison
from tql_grammar.rewrite.logic import negation

T = columns(t="text")
FACTS = (
    Fact(
        "order of texts",
        "Finds no text smaller or larger than another: `<` and `>` are always false.",
        "Writes BETWEEN, which compares bytes.",
        comparison,
        'select("id").where(col("t") < "b")',
        T,
    ),
    Fact(
        "order of two columns of texts",
        "Finds no text smaller than another, and takes literals only in BETWEEN.",
        "Refuses it.",
        comparison,
        'select("id").where(col("t") < col("s"))',
        columns(t="text", s="text"),
    ),
    Fact(
        "characters of a pattern",
        "Takes a pattern of LIKE for a regular expression: `.` is any character, and `_` is only itself.",
        "Escapes what is literal; `_` and `%` mean what they mean in SQL.",
        pattern,
        'select("id").where(col("t").like("a._"))',
        T,
    ),
    Fact(
        "lines",
        "Matches no newline with `%`.",
        "Writes a class of all characters.",
        pattern,
        'select("id").where(col("t").startswith("a"))',
        T,
    ),
    Fact(
        "empty text and LIKE",
        "Matches the empty text with no pattern.",
        "Adds the empty text where the pattern matches it.",
        like_or_empty,
        'select("id").where(col("t").like("%"))',
        T,
    ),
    Fact(
        "empty text and NOT LIKE",
        "Leaves the empty text out of NOT LIKE as well.",
        "Negates the whole condition.",
        negation,
        'select("id").where(~col("t").startswith("a"))',
        T,
    ),
    Fact(
        "case of letters outside ASCII",
        "Ignores the case of ASCII letters only in ILIKE.",
        "Writes both cases.",
        pattern,
        'select("id").where(col("t").ilike("É%"))',
        T,
    ),
)

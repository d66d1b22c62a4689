"""Facts about arithmetic and functions of numbers."""

from __future__ import annotations

from tql.compiler.legalize.facts.fact import Fact, columns
from tql_grammar.rewrite import typed, width
from tql_grammar.rewrite.cosine import cosine

U, A = columns(u="uint8", w="uint8"), columns(a="uint8[2]")
FACTS = (
    Fact(
        "narrow integers",
        "Adds two uint8 modulo 256.",
        "Computes in 64 bits.",
        width.chain,
        'select(x=col("u") + col("w"))',
        U,
    ),
    Fact(
        "narrow quotients",
        "Divides two uint8 as float16, with 3 digits.",
        "Computes in 64 bits.",
        width.chain,
        'select(x=col("u") / col("w"))',
        U,
    ),
    Fact(
        "negative of unsigned integers",
        "Returns 56 for the negative of a uint8 of 200.",
        "Multiplies by -1.",
        width.negated,
        'select(x=-col("u"))',
        U,
    ),
    Fact(
        "difference of unsigned integers",
        "Returns `2**64 - 1` for a difference of -1.",
        "Computes with float64.",
        width.chain,
        'select(x=col("u") - col("w"))',
        columns(u="uint64", w="uint8"),
    ),
    Fact(
        "sum of a row",
        "Keeps the type of the column, in which a sum wraps.",
        "Sums in 64 bits.",
        width.function,
        'select(x=fn.asum("a"))',
        A,
    ),
    Fact(
        "root of integers",
        "Reads the bits of an integer as a float.",
        "Computes with floats.",
        width.function,
        'select(x=fn.sqrt("id"))',
    ),
    Fact(
        "dot product of two columns",
        "Wraps in the type of the columns, and ends its process where a row is empty.",
        "Sums the products in 64 bits.",
        width.function,
        'select(x=fn.dot("a", col("a")))',
        A,
    ),
    Fact(
        "cosine of two columns",
        "Computes the cosine of integers in their type; in float64 it leaves out the rows with a zero vector, and later rows have the values of others.",
        "Divides the dot product by the lengths; the cosine of a zero vector is 0.",
        cosine,
        'select(x=fn.cosine_similarity("a", col("b")))',
        columns(a="uint8[2]", b="uint8[2]"),
    ),
    Fact(
        "random number as an output",
        "Returns memory that it never wrote where `random()` is a whole output: a few numbers, again and again.",
        "Takes the absolute value, which is the same number.",
        typed.drawn,
        "select(x=fn.random())",
    ),
)

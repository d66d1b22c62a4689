"""
Know the functions of TQL: what each one takes, gives and means.

Parser, checks, builder and documentation all read this table; every row was measured on the engine (deeplake 4.7.4).
Names are compared without case.
"""

from __future__ import annotations

from typing import Literal

from tql_grammar.record import Record

Kind = Literal["value", "column", "vector", "matrix", "text", "index", "weights"]


class Parameter(Record):
    """
    One parameter of a function.

    Attributes:
        name: as documented.
        kind: "value" an expression; "column" a column's name; "vector" and "matrix" an expression or a literal of shape (d,) or (n, d);
            "text" a text literal; "index" an integer literal; "weights" pairs of a condition and a number.
        optional: whether it may be left out.
    """

    name: str
    kind: Kind = "value"
    optional: bool = False


class Function(Record):
    """
    One function.

    Attributes:
        name: in lower case.
        parameters: in order.
        result: type, shape, and range or direction where it has them.
        meaning: one sentence.
        clauses: where it may stand.
    """

    name: str
    parameters: tuple[Parameter, ...]
    result: str
    meaning: str
    clauses: tuple[str, ...] = ("select", "where", "order by", "group by", "sample by")

    @property
    def required(self) -> int:
        """The number of arguments that it needs."""
        return sum(not parameter.optional for parameter in self.parameters)


X = Parameter("x")
AXIS = Parameter("axis", "index", optional=True)
LEFT, RIGHT = Parameter("left"), Parameter("right")
COLUMN, VECTOR = Parameter("column"), Parameter("vector", "vector")

CATALOGUE: dict[str, Function] = {
    function.name: function
    for function in (
        Function("abs", (X,), "same shape and type", "The absolute value, element by element."),
        Function(
            "all",
            (X, AXIS),
            "bool; with an axis an array of bools",
            "Whether every element is true; true for an empty array.",
        ),
        Function("all_strict", (X,), "bool", "Whether every element is true; false for an empty array."),
        Function("amax", (X,), "one number, same type", "The largest element."),
        Function("amin", (X,), "one number, same type; 0 for an empty array", "The smallest element."),
        Function("any", (X, AXIS), "bool; with an axis an array of bools", "Whether an element is true."),
        Function("avg", (X,), "one float64", "The mean of the elements."),
        Function(
            "bm25_similarity",
            (Parameter("column", "column"), Parameter("text", "text")),
            "float32, higher is closer; rows that score 0 are left out",
            "The BM25 score of a text column with an index for a query; the engine takes it as the one key of ORDER BY with DESC and LIMIT only.",
            ("order by",),
        ),
        Function(
            "contains",
            (Parameter("x"), Parameter("value", "text")),
            "bool",
            "Whether a text contains a text, or an array a number; with a text index, whether it contains the first word.",
        ),
        Function(
            "cosine_similarity",
            (COLUMN, VECTOR),
            "float32 in [-1, 1], higher is closer",
            "The cosine of the angle between two vectors of one length.",
        ),
        Function(
            "data",
            (Parameter("column", "column"), Parameter("row", "index")),
            "the column's type",
            "The value of a column in one row, by its number from 0: the same for all rows.",
        ),
        Function("dot", (COLUMN, VECTOR), "float32, higher is closer", "The dot product of two vectors of one length."),
        Function(
            "hamming_distance",
            (COLUMN, VECTOR),
            "array of one integer >= 0, lower is closer",
            "The number of bits in which two vectors of bytes differ.",
        ),
        Function("keys", (X,), "list of texts, sorted", "The keys of a JSON object.", ("select",)),
        Function(
            "l1_norm",
            (X,),
            "float32 >= 0, lower is closer",
            "The sum of the absolute elements; of a difference, the Manhattan distance.",
        ),
        Function(
            "l2_norm",
            (X,),
            "float32 >= 0, lower is closer",
            "The root of the sum of squares; of a difference, the Euclidean distance.",
        ),
        Function(
            "linf_norm",
            (X,),
            "float32 >= 0, lower is closer",
            "The largest absolute element; of a difference, the Chebyshev distance.",
        ),
        Function(
            "logical_and", (LEFT, RIGHT), "array of bools", "Both, element by element; the arrays must have one shape."
        ),
        Function(
            "logical_or",
            (LEFT, RIGHT),
            "array of bools",
            "Either or both, element by element; the arrays must have one shape.",
        ),
        Function(
            "max_weight",
            (Parameter("weights", "weights"),),
            "float32",
            "The largest weight of the conditions that hold.",
        ),
        Function(
            "maxsim",
            (COLUMN, Parameter("matrix", "matrix")),
            "float32, higher is closer",
            "The sum, over the rows of the query's matrix, of the largest cosine with a row of the column's.",
        ),
        Function(
            "mmr_similarity",
            (Parameter("column", "column"), VECTOR),
            "float32, higher is closer",
            "Relevance to a vector less likeness to the rows before; a key of ORDER BY, never a column.",
            ("where", "order by", "group by", "sample by"),
        ),
        Function("nonzero", (X,), "array of int64", "The indices of the elements that are not 0.", ("select", "where")),
        Function("prod", (X,), "one number, same type; 1 for an empty array", "The product of the elements."),
        Function("random", (), "int32", "A random number for each row."),
        Function("row_number", (), "int64, from 0", "The number of the row in the source."),
        Function(
            "shape",
            (X,),
            "array of uint32, one for each dimension",
            "The lengths of an array's dimensions; empty for a single value.",
        ),
        Function(
            "sqrt",
            (X,),
            "same shape",
            "The square root, element by element; of floats only: integers come back as garbage.",
        ),
        Function("sum", (X,), "one number, same type: small integers wrap", "The sum of the elements."),
        Function(
            "sum_weight",
            (Parameter("weights", "weights"),),
            "float32",
            "The sum of the weights of the conditions that hold.",
        ),
    )
}

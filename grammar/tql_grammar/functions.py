"""
Catalogue of TQL's functions, with the parameters, the result and the meaning of each.

Parser, check, compiler, builder and documentation read this table, and it alone names the functions of a kind; every row was measured on the engine (deeplake 4.7.4).
Names are case-insensitive.
"""

from __future__ import annotations

from typing import Literal

from tql_grammar.record import Record

Kind = Literal["value", "numbers", "json", "column", "vector", "matrix", "text", "index", "axis", "weights"]


class Parameter(Record):
    """
    One parameter of a function.

    Attributes:
        name: as documented.
        kind: "value" an expression; "numbers" one of numbers or bools, and "json" one of JSON, since the engine fails on other types; "column" a column's name; "vector" and "matrix" an expression or a literal of shape (d,) or (n, d);
            "text" a string literal; "index" an integer literal; "axis" -1; "weights" pairs of a condition and a number.
        optional: whether it can be omitted.
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
        form: the TQL that the builder generates for it, if that is not ``name(parameters)``.
        closest: for a similarity or a distance, whether the largest or the smallest value is the closest.
        counts_rows: whether its value depends on row numbers, which the engine counts among the rows that reach the clause.
        flat: whether the engine supports it only as a sort key in a SELECT with LIMIT.
        gives: the type of its values as in `Schema`, or the rule for it: "element" one value of the type of the first argument,
            "argument" its type and shape, "root" its shape in floats, "dot" and "cosine" the types of such products,
            "bools" bools of a shape that is not inferred; "" if the type is not inferred. With an axis it is not.
        computes: "elements" one value for each element, "pairs" one for each pair of elements, "reduction" one for all elements of an array,
            "places" numbers of dimensions or elements; "" for any other.
        promotes: the argument that the compiler promotes first, as the engine computes in its type: "integers" to 64 bits, "floats" to float64.
        small: whether a float32 stores its values: counts, lengths and random numbers.
    """

    name: str
    parameters: tuple[Parameter, ...]
    result: str
    meaning: str
    form: str = ""
    closest: Literal["largest", "smallest", ""] = ""
    counts_rows: bool = False
    flat: bool = False
    gives: str = ""
    computes: Literal["elements", "pairs", "reduction", "places", ""] = ""
    promotes: Literal["integers", "floats", ""] = ""
    small: bool = False

    @property
    def required(self) -> int:
        """The number of required arguments."""
        return sum(not parameter.optional for parameter in self.parameters)


X = Parameter("x", "numbers")
AXIS = Parameter("axis", "axis", optional=True)
LEFT, RIGHT = Parameter("left", "numbers"), Parameter("right", "numbers")
COLUMN, VECTOR = Parameter("column"), Parameter("vector", "vector")

CATALOGUE: dict[str, Function] = {
    function.name: function
    for function in (
        Function(
            "abs",
            (X,),
            "same shape; int64 for integers, float64 for floats",
            "The absolute value, element by element.",
            "abs(x * 1)",
            gives="argument",
            computes="elements",
            promotes="integers",
        ),
        Function(
            "all",
            (X, AXIS),
            "bool; with an axis an array of bools",
            "Whether every element is true, or is not 0; true for an empty array. "
            "With ``axis=-1`` along the last axis; the engine computes any other axis wrongly.",
            gives="bool",
            computes="reduction",
        ),
        Function(
            "all_strict",
            (X,),
            "bool",
            "Whether every element is true, or is not 0; false for an empty array.",
            gives="bool",
            computes="reduction",
        ),
        Function(
            "amax",
            (X,),
            "one number, same type; 0 for an empty array",
            "The largest element.",
            gives="element",
            computes="reduction",
        ),
        Function(
            "amin",
            (X,),
            "one number, same type; 0 for an empty array",
            "The smallest element.",
            gives="element",
            computes="reduction",
        ),
        Function(
            "any",
            (X, AXIS),
            "bool; with an axis an array of bools",
            "Whether an element is true, or is not 0. With ``axis=-1`` along the last axis; the engine computes any other axis wrongly.",
            gives="bool",
            computes="reduction",
        ),
        Function(
            "avg",
            (X,),
            "one float64; 0 for an empty array",
            "The mean of the elements.",
            gives="float64",
            computes="reduction",
        ),
        Function(
            "bm25_similarity",
            (Parameter("column", "column"), Parameter("text", "text")),
            "float32 >= 0, higher is closer; rows that score 0 are left out",
            "The BM25 score of an indexed text column for a search text; the engine supports it only as the single key of ORDER BY with DESC and LIMIT. "
            "``.bm25(..)`` of a query generates that.",
            flat=True,
            gives="float32",
        ),
        Function(
            "contains",
            (Parameter("x"), Parameter("value", "text")),
            "bool",
            "Whether a text contains a string, case-sensitive, or an array a number; with a text index, whether the text contains the first word of the string. "
            "``col(..).contains(..)`` searches for the string literally, with an index too.",
            gives="bool",
        ),
        Function(
            "cosine_similarity",
            (COLUMN, VECTOR),
            "float32 in [-1, 1], higher is closer; 0 for a zero vector",
            "The cosine of the angle between two vectors of the same length.",
            closest="largest",
            gives="cosine",
            promotes="floats",
        ),
        Function(
            "data",
            (Parameter("column", "column"), Parameter("row", "index")),
            "the column's type",
            "The value of a column in the row of the source with a number from 0; the same for every row.",
            counts_rows=True,
            gives="argument",
        ),
        Function(
            "dot",
            (COLUMN, VECTOR),
            "float32, higher is closer; for columns of integers float64, for two of them int64",
            "The dot product of two vectors of the same length.",
            closest="largest",
            gives="dot",
        ),
        Function(
            "hamming_distance",
            (COLUMN, VECTOR),
            "array of one integer >= 0, lower is closer",
            "The number of bits in which two vectors of bytes differ.",
            closest="smallest",
            gives="uint16[1]",
            small=True,
        ),
        Function(
            "keys",
            (Parameter("x", "json"),),
            "sorted list of strings",
            "The keys of a JSON object, in SELECT and in CONTAINS; a value that is no object ends the process of the engine.",
            gives="sequence text",
        ),
        Function(
            "l1_norm",
            (X,),
            "float32 >= 0, lower is closer",
            "The sum of the absolute elements; of a difference, the Manhattan distance.",
            closest="smallest",
            gives="float32",
            computes="reduction",
        ),
        Function(
            "l2_norm",
            (X,),
            "float32 >= 0, lower is closer",
            "The root of the sum of squares; of a difference, the Euclidean distance.",
            closest="smallest",
            gives="float32",
            computes="reduction",
        ),
        Function(
            "linf_norm",
            (X,),
            "float32 >= 0, lower is closer",
            "The largest absolute element; of a difference, the Chebyshev distance.",
            closest="smallest",
            gives="float32",
            computes="reduction",
        ),
        Function(
            "logical_and",
            (LEFT, RIGHT),
            "array of bools",
            "Whether both are true, element by element; the arrays must have the same shape.",
            gives="bools",
            computes="pairs",
        ),
        Function(
            "logical_or",
            (LEFT, RIGHT),
            "array of bools",
            "Whether either is true, element by element; the arrays must have the same shape.",
            gives="bools",
            computes="pairs",
        ),
        Function(
            "max_weight",
            (Parameter("weights", "weights"),),
            "float32 >= 0",
            "The largest weight of the conditions that hold; 0 where none does.",
            "max_weight(a > 1: 2.0)",
            gives="float32",
        ),
        Function(
            "maxsim",
            (COLUMN, Parameter("matrix", "matrix")),
            "float32 >= 0, higher is closer",
            "The sum, over the rows of the query's matrix, of the largest cosine with a row of the column's, or 0 where all are negative.",
            closest="largest",
            gives="float32",
        ),
        Function(
            "mmr_similarity",
            (Parameter("column", "column"), VECTOR),
            "float32, higher is closer",
            "Maximal marginal relevance: similarity to a vector, minus similarity to the rows ranked before; only as a key of ORDER BY.",
            closest="largest",
            flat=True,
            gives="float32",
        ),
        Function(
            "nonzero",
            (X,),
            "array of int64",
            "The indices of the elements that are not 0; of a matrix, of the rows that have one. In select and where only.",
            gives="int64[?]",
            computes="places",
        ),
        Function(
            "prod",
            (X,),
            "int64 for integers and bools, float64 for floats; 1 for an empty array",
            "The product of the elements.",
            "prod(x * 1)",
            gives="element",
            computes="reduction",
            promotes="integers",
        ),
        Function(
            "random",
            (),
            "int32",
            "A random whole number from 0 to 2147483647 for each row, different each time it is read: ``where(fn.random() % 10 == 0)`` keeps about a tenth of the rows.",
            gives="int32",
            small=True,
        ),
        Function(
            "row_number",
            (),
            "int64, from 0",
            "The number of the row in the source.",
            counts_rows=True,
            gives="int64",
            small=True,
        ),
        Function(
            "shape",
            (Parameter("x"),),
            "array of uint32, one for each dimension",
            "The lengths of an array's dimensions; empty for a single value.",
            gives="uint32[?]",
            computes="places",
            small=True,
        ),
        Function(
            "sqrt",
            (X,),
            "same shape, float64",
            "The square root, element by element; NaN of negative numbers.",
            "sqrt(x * 1.0)",
            gives="root",
            computes="elements",
            promotes="floats",
        ),
        Function(
            "sum",
            (X,),
            "int64 for integers and bools, float64 for floats; 0 for an empty array",
            "The sum of the elements.",
            "sum(x * 1)",
            gives="element",
            computes="reduction",
            promotes="integers",
        ),
        Function(
            "sum_weight",
            (Parameter("weights", "weights"),),
            "float32",
            "The sum of the weights of the conditions that hold.",
            "sum_weight(a > 1: 2.0)",
            gives="float32",
        ),
    )
}


def _taking(*kinds: Kind) -> frozenset[str]:
    """Return the names of the functions with a parameter of one of these kinds."""
    return frozenset(
        name
        for name, function in CATALOGUE.items()
        if any(parameter.kind in kinds for parameter in function.parameters)
    )


def _computing(computes: str) -> frozenset[str]:
    """Return the names of the functions that compute in one way."""
    return frozenset(name for name, function in CATALOGUE.items() if function.computes == computes)


OF_VECTORS, SEARCHES = _taking("vector"), _taking("vector", "matrix")
OF_NUMBERS, OF_JSON, WITH_AXIS = _taking("numbers"), _taking("json"), _taking("axis")
ELEMENTWISE, LOGICAL, REDUCTIONS, PLACES = map(_computing, ("elements", "pairs", "reduction", "places"))
QUANTIFIERS = frozenset(name for name in REDUCTIONS if CATALOGUE[name].gives == "bool")
# Functions that compute a number, or an array of numbers, from one argument.
NUMERIC = OF_NUMBERS & (ELEMENTWISE | REDUCTIONS) - QUANTIFIERS
PROMOTED = {name: function.promotes for name, function in CATALOGUE.items() if function.promotes}
SMALL = frozenset(name for name, function in CATALOGUE.items() if function.small)
CLOSENESS = {name: function.closest for name, function in CATALOGUE.items() if function.closest}
# The functions whose value is a list of texts, such as KEYS.
OF_TEXTS = frozenset(name for name, function in CATALOGUE.items() if function.gives == "sequence text")
COUNTING = frozenset(name for name, function in CATALOGUE.items() if function.counts_rows)
# The functions by which an index of embeddings ranks the rows of ORDER BY .. LIMIT, approximately, and the direction of that order.
# An index of matrices returns wrong rows for MAXSIM, so the builder avoids it.
INDEXED: dict[str, Literal["asc", "desc"]] = {"cosine_similarity": "desc", "l2_norm": "asc"}
FLAT = frozenset(name for name, function in CATALOGUE.items() if function.flat)
# The builder's functions of groups whose value is that of one row, by the order of the rows: of any type, and null if that value is null.
OF_ONE_ROW = frozenset({"first", "last"})

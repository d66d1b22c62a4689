"""
Catalogue of TQL's functions, with the parameters, the result and the meaning of each.

Parser, check, builder and documentation read this table; every row was measured on the engine (deeplake 4.7.4).
Names are case-insensitive.
"""

from __future__ import annotations

from typing import Literal

from tql_grammar.record import Record

Kind = Literal["value", "column", "vector", "matrix", "text", "index", "axis", "weights"]


class Parameter(Record):
    """
    One parameter of a function.

    Attributes:
        name: as documented.
        kind: "value" an expression; "column" a column's name; "vector" and "matrix" an expression or a literal of shape (d,) or (n, d);
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
    """

    name: str
    parameters: tuple[Parameter, ...]
    result: str
    meaning: str
    form: str = ""
    closest: Literal["largest", "smallest", ""] = ""
    counts_rows: bool = False
    flat: bool = False

    @property
    def required(self) -> int:
        """The number of required arguments."""
        return sum(not parameter.optional for parameter in self.parameters)


X = Parameter("x")
AXIS = Parameter("axis", "axis", optional=True)
LEFT, RIGHT = Parameter("left"), Parameter("right")
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
        ),
        Function(
            "all",
            (X, AXIS),
            "bool; with an axis an array of bools",
            "Whether every element is true, or is not 0; true for an empty array. "
            "With ``axis=-1`` along the last axis; the engine computes any other axis wrongly.",
        ),
        Function("all_strict", (X,), "bool", "Whether every element is true, or is not 0; false for an empty array."),
        Function("amax", (X,), "one number, same type; 0 for an empty array", "The largest element."),
        Function("amin", (X,), "one number, same type; 0 for an empty array", "The smallest element."),
        Function(
            "any",
            (X, AXIS),
            "bool; with an axis an array of bools",
            "Whether an element is true, or is not 0. With ``axis=-1`` along the last axis; the engine computes any other axis wrongly.",
        ),
        Function("avg", (X,), "one float64; 0 for an empty array", "The mean of the elements."),
        Function(
            "bm25_similarity",
            (Parameter("column", "column"), Parameter("text", "text")),
            "float32 >= 0, higher is closer; rows that score 0 are left out",
            "The BM25 score of an indexed text column for a search text; the engine supports it only as the single key of ORDER BY with DESC and LIMIT. "
            "``.bm25(..)`` of a query generates that.",
            flat=True,
        ),
        Function(
            "contains",
            (Parameter("x"), Parameter("value", "text")),
            "bool",
            "Whether a text contains a string, case-sensitive, or an array a number; with a text index, whether the text contains the first word of the string. "
            "``col(..).contains(..)`` searches for the string literally, with an index too.",
        ),
        Function(
            "cosine_similarity",
            (COLUMN, VECTOR),
            "float32 in [-1, 1], higher is closer; 0 for a zero vector",
            "The cosine of the angle between two vectors of the same length.",
            closest="largest",
        ),
        Function(
            "data",
            (Parameter("column", "column"), Parameter("row", "index")),
            "the column's type",
            "The value of a column in the row of the source with a number from 0; the same for every row.",
            counts_rows=True,
        ),
        Function(
            "dot",
            (COLUMN, VECTOR),
            "float32, higher is closer; for columns of integers float64, for two of them int64",
            "The dot product of two vectors of the same length.",
            closest="largest",
        ),
        Function(
            "hamming_distance",
            (COLUMN, VECTOR),
            "array of one integer >= 0, lower is closer",
            "The number of bits in which two vectors of bytes differ.",
            closest="smallest",
        ),
        Function("keys", (X,), "sorted list of strings", "The keys of a JSON object; in the select list only."),
        Function(
            "l1_norm",
            (X,),
            "float32 >= 0, lower is closer",
            "The sum of the absolute elements; of a difference, the Manhattan distance.",
            closest="smallest",
        ),
        Function(
            "l2_norm",
            (X,),
            "float32 >= 0, lower is closer",
            "The root of the sum of squares; of a difference, the Euclidean distance.",
            closest="smallest",
        ),
        Function(
            "linf_norm",
            (X,),
            "float32 >= 0, lower is closer",
            "The largest absolute element; of a difference, the Chebyshev distance.",
            closest="smallest",
        ),
        Function(
            "logical_and",
            (LEFT, RIGHT),
            "array of bools",
            "Whether both are true, element by element; the arrays must have the same shape.",
        ),
        Function(
            "logical_or",
            (LEFT, RIGHT),
            "array of bools",
            "Whether either is true, element by element; the arrays must have the same shape.",
        ),
        Function(
            "max_weight",
            (Parameter("weights", "weights"),),
            "float32 >= 0",
            "The largest weight of the conditions that hold; 0 where none does.",
            "max_weight(a > 1: 2.0)",
        ),
        Function(
            "maxsim",
            (COLUMN, Parameter("matrix", "matrix")),
            "float32 >= 0, higher is closer",
            "The sum, over the rows of the query's matrix, of the largest cosine with a row of the column's, or 0 where all are negative.",
            closest="largest",
        ),
        Function(
            "mmr_similarity",
            (Parameter("column", "column"), VECTOR),
            "float32, higher is closer",
            "Maximal marginal relevance: similarity to a vector, minus similarity to the rows ranked before; only as a key of ORDER BY.",
            closest="largest",
            flat=True,
        ),
        Function(
            "nonzero",
            (X,),
            "array of int64",
            "The indices of the elements that are not 0; of a matrix, of the rows that have one. In select and where only.",
        ),
        Function(
            "prod",
            (X,),
            "int64 for integers and bools, float64 for floats; 1 for an empty array",
            "The product of the elements.",
            "prod(x * 1)",
        ),
        Function("random", (), "int32", "A random number for each row, different each time it is read."),
        Function("row_number", (), "int64, from 0", "The number of the row in the source.", counts_rows=True),
        Function(
            "shape",
            (X,),
            "array of uint32, one for each dimension",
            "The lengths of an array's dimensions; empty for a single value.",
        ),
        Function(
            "sqrt",
            (X,),
            "same shape, float64",
            "The square root, element by element; NaN of negative numbers.",
            "sqrt(x * 1.0)",
        ),
        Function(
            "sum",
            (X,),
            "int64 for integers and bools, float64 for floats; 0 for an empty array",
            "The sum of the elements.",
            "sum(x * 1)",
        ),
        Function(
            "sum_weight",
            (Parameter("weights", "weights"),),
            "float32",
            "The sum of the weights of the conditions that hold.",
            "sum_weight(a > 1: 2.0)",
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


OF_VECTORS, SEARCHES = _taking("vector"), _taking("vector", "matrix")
CLOSENESS = {name: function.closest for name, function in CATALOGUE.items() if function.closest}
COUNTING = frozenset(name for name, function in CATALOGUE.items() if function.counts_rows)
# The functions by which an index of embeddings ranks the rows of ORDER BY .. LIMIT, approximately, and the direction of that order.
# An index of matrices returns wrong rows for MAXSIM, so the builder avoids it.
INDEXED: dict[str, Literal["asc", "desc"]] = {"cosine_similarity": "desc", "l2_norm": "asc"}
FLAT = frozenset(name for name, function in CATALOGUE.items() if function.flat)


class Absent(Record):
    """
    The replacement for a function that users of SQL expect and the engine does not have.

    Attributes:
        text: the hint in TQL.
        builder: the hint in terms of the builder, if it differs.
    """

    text: str
    builder: str = ""


_LENGTH = Absent(
    "shape(e)[0] is the length of an array; TQL cannot compute the length of text",
    'col("e").shape[0] is the length of an array; TQL cannot compute the length of text',
)
_CASE = Absent(
    "use ILIKE for comparisons that ignore case", 'use col("text").ilike("..") for comparisons that ignore case'
)
_DISTANCE = Absent(
    "l2_norm(e - ARRAY[..]) is the distance",
    'fn.l2_norm(col("e") - vector) is the distance, or .similarity("e", vector, metric="l2")',
)
_AFTER = Absent("compute it from the returned rows")
_REAL = Absent(
    "TQL has + - * / % ABS and SQRT; compute the rest from the returned rows",
    "TQL has + - * / %, fn.abs and fn.sqrt; compute the rest from the returned rows",
)
_DATES = Absent("store dates as numbers (timestamps) or ISO 8601 text, and compare those")
_NULLS = Absent(
    "test e IS NULL, and choose the value in your program",
    'test col("e").is_null(), and choose the value in your program',
)
_CUT = Absent(
    "TQL cannot cut or concatenate text; compare it with LIKE",
    'TQL cannot cut or concatenate text; compare it with col("text").like("..")',
)
# Functions of SQL that the engine does not have, by name in upper case. A program can register functions of these names with the engine.
ABSENT: dict[str, Absent] = {
    "COUNT": Absent(
        "shape(id)[0] counts the rows of a group, for any column id that is never null",
        "fn.count() counts the rows of a group",
    ),
    "MAX": Absent("AMAX reduces the elements of a row, or after GROUP BY the rows of a group"),
    "MIN": Absent("AMIN reduces the elements of a row, or after GROUP BY the rows of a group"),
    "MEAN": Absent("AVG is the mean"),
    **dict.fromkeys(("LENGTH", "LEN", "CHAR_LENGTH", "SIZE"), _LENGTH),
    **dict.fromkeys(("LOWER", "UPPER"), _CASE),
    **dict.fromkeys(("CONCAT", "SUBSTR", "SUBSTRING", "TRIM"), _CUT),
    **dict.fromkeys(("COALESCE", "IFNULL", "NULLIF"), _NULLS),
    **dict.fromkeys(("ROUND", "FLOOR", "CEIL", "EXP", "LOG", "POW", "POWER", "SIGN"), _REAL),
    **dict.fromkeys(("NOW", "YEAR", "MONTH", "DAY"), _DATES),
    **dict.fromkeys(("MEDIAN", "STD", "VAR", "ARGMAX", "ARGMIN"), _AFTER),
    "MOD": Absent("write a % b", 'write col("a") % col("b")'),
    "REGEXP": Absent("LIKE takes a regular expression", 'write col("text").matches("..")'),
    **dict.fromkeys(("L2_DISTANCE", "EUCLIDEAN_DISTANCE"), _DISTANCE),
    "COSINE_DISTANCE": Absent(
        "1 - cosine_similarity(e, ARRAY[..]) is the distance", '1 - fn.cosine_similarity("e", vector) is the distance'
    ),
    "INNER_PRODUCT": Absent("DOT is the inner product", 'fn.dot("e", vector) is the inner product'),
    "DEEPCORE_SIMILARITY": Absent("COSINE_SIMILARITY is the similarity", 'write .similarity("e", vector)'),
    "EQUALS": Absent("write a = b", 'write col("a") == col("b")'),
    "LOGICAL_NOT": Absent("write NOT, or e = 0 for each element", 'write ~, or col("e") == 0 for each element'),
    "LOGICAL_XOR": Absent("compare the two: a != b", 'compare the two: col("a") != col("b")'),
    "WEIGHT_CHOICE": Absent("SAMPLE BY MAX_WEIGHT(..) draws by weights", "write .sample_by(fn.max_weight(..))"),
}
# Names that cannot be called: reserved words, and a function that crashes the engine process.
UNCALLABLE: dict[str, Absent] = {
    "REPLACE": _CUT,
    "DATE": _DATES,
    "UNIQUE": Absent("group by the column; the engine ignores SELECT DISTINCT", "write .distinct()"),
    "SAMPLE_INFO": Absent("it exists, but crashes the engine process on every type of column that was tested"),
}

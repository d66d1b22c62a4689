"""
Catalogue of TQL's functions: the parameters, result and meaning of each.

Parser, checks, builder and documentation all read this table; every row was measured on the engine (deeplake 4.7.4).
Names are compared without case.
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
            "text" a text literal; "index" an integer literal; "axis" -1; "weights" pairs of a condition and a number.
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
        form: the text that the builder writes for it, where that is not ``name(parameters)``.
        closest: which of its values is the closest, where it is a similarity or a distance.
        counts_rows: whether its value depends on the rows beside a row; the engine counts those that reach the clause.
        flat: whether the engine takes it as the key of an order beside LIMIT only.
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
        """The number of arguments that it needs."""
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
            "The BM25 score of a text column with an index for a query; the engine takes it as the one key of ORDER BY with DESC and LIMIT only. "
            "``.bm25(..)`` of a query writes that.",
            flat=True,
        ),
        Function(
            "contains",
            (Parameter("x"), Parameter("value", "text")),
            "bool",
            "Whether a text contains a text, case-sensitive, or an array a number; with a text index, whether it contains the first word. "
            "``col(..).contains(..)`` takes every text literally, with an index too.",
        ),
        Function(
            "cosine_similarity",
            (COLUMN, VECTOR),
            "float32 in [-1, 1], higher is closer; 0 for a vector of zeros",
            "The cosine of the angle between two vectors of one length.",
            closest="largest",
        ),
        Function(
            "data",
            (Parameter("column", "column"), Parameter("row", "index")),
            "the column's type",
            "The value of a column in one row of the source, by its number from 0: the same for all rows.",
            counts_rows=True,
        ),
        Function(
            "dot",
            (COLUMN, VECTOR),
            "float32, higher is closer; for columns of integers float64, for two of them int64",
            "The dot product of two vectors of one length.",
            closest="largest",
        ),
        Function(
            "hamming_distance",
            (COLUMN, VECTOR),
            "array of one integer >= 0, lower is closer",
            "The number of bits in which two vectors of bytes differ.",
            closest="smallest",
        ),
        Function("keys", (X,), "list of texts, sorted", "The keys of a JSON object; in the select list only."),
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
            "Relevance to a vector less likeness to the rows before; a key of ORDER BY, never a column.",
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
        Function("random", (), "int32", "A random number for each row, another one each time it is read."),
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
            "The sum of the elements; in a grouped query, of the group.",
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
    """Return the functions with a parameter of some kinds."""
    return frozenset(
        name
        for name, function in CATALOGUE.items()
        if any(parameter.kind in kinds for parameter in function.parameters)
    )


OF_VECTORS, SEARCHES = _taking("vector"), _taking("vector", "matrix")
CLOSENESS = {name: function.closest for name, function in CATALOGUE.items() if function.closest}
COUNTING = frozenset(name for name, function in CATALOGUE.items() if function.counts_rows)
# By these an index of embeddings, where one was built, ranks the rows of ORDER BY .. LIMIT in this direction: nearly the closest.
# That of matrices finds other rows for MAXSIM than the closest, and the builder keeps it away.
INDEXED: dict[str, Literal["asc", "desc"]] = {"cosine_similarity": "desc", "l2_norm": "asc"}
FLAT = frozenset(name for name, function in CATALOGUE.items() if function.flat)


class Absent(Record):
    """
    A function that people expect, and that the engine does not have.

    Attributes:
        text: what to write in TQL instead.
        builder: what to write with the builder, where that is something else.
    """

    text: str
    builder: str = ""


_LENGTH = Absent(
    "shape(e)[0] is the length of an array; texts have none",
    'col("e").shape[0] is the length of an array; texts have none',
)
_CASE = Absent("compare without case by ILIKE", 'compare without case by col("text").ilike("..")')
_DISTANCE = Absent(
    "l2_norm(e - ARRAY[..]) is the distance",
    'fn.l2_norm(col("e") - vector) is the distance, or .similarity("e", vector, metric="l2")',
)
_AFTER = Absent("compute it from the rows that come back")
_REAL = Absent(
    "TQL has + - * / % ABS and SQRT; compute the rest from the rows that come back",
    "TQL has + - * / %, fn.abs and fn.sqrt; compute the rest from the rows that come back",
)
_DATES = Absent("store a number (a timestamp) or an ISO 8601 text, and compare that")
_NULLS = Absent("test e IS NULL, and choose in the program", 'test col("e").is_null(), and choose in the program')
_CUT = Absent(
    "texts cannot be cut or joined; compare them by LIKE",
    'texts cannot be cut or joined; compare them by col("text").like("..")',
)
# By what people expect of them, in upper case: the engine says that they are not found. A program can register functions of these names with the engine.
ABSENT: dict[str, Absent] = {
    "COUNT": Absent(
        "count the rows of a group with shape(id)[0], id being any column that is never null",
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
# Names that cannot be called at all: reserved words, and a function that ends the engine's process.
UNCALLABLE: dict[str, Absent] = {
    "REPLACE": _CUT,
    "DATE": _DATES,
    "UNIQUE": Absent("group by the column: SELECT DISTINCT is ignored", "write .distinct()"),
    "SAMPLE_INFO": Absent("it is there, and ends the engine's process on every column that was tried"),
}

"""The functions of TQL; written from the catalogue of `tql_grammar.functions` by `tests/builder/stubs.py`."""

from tql.expr import Expr

def abs(x: Expr | str | float, /) -> Expr:
    """The absolute value, element by element.

    Returns:
        same shape and type.
    """

def all(x: Expr | str | float, axis: int = ..., /) -> Expr:
    """Whether every element is true; true for an empty array.

    Returns:
        bool; with an axis an array of bools.
    """

def all_strict(x: Expr | str | float, /) -> Expr:
    """Whether every element is true; false for an empty array.

    Returns:
        bool.
    """

def amax(x: Expr | str | float, /) -> Expr:
    """The largest element.

    Returns:
        one number, same type.
    """

def amin(x: Expr | str | float, /) -> Expr:
    """The smallest element.

    Returns:
        one number, same type; 0 for an empty array.
    """

def any(x: Expr | str | float, axis: int = ..., /) -> Expr:
    """Whether an element is true.

    Returns:
        bool; with an axis an array of bools.
    """

def avg(x: Expr | str | float, /) -> Expr:
    """The mean of the elements.

    Returns:
        one float64.
    """

def bm25_similarity(column: Expr | str, text: Expr | str | float, /) -> Expr:
    """The BM25 score of a text column with an index for a query; the engine takes it as the one key of ORDER BY with DESC and LIMIT only.

    Returns:
        float32, higher is closer; rows that score 0 are left out.
    """

def contains(x: Expr | str | float, value: Expr | str | float, /) -> Expr:
    """Whether a text contains a text, or an array a number; with a text index, whether it contains the first word.

    Returns:
        bool.
    """

def cosine_similarity(column: Expr | str | float, vector: object, /) -> Expr:
    """The cosine of the angle between two vectors of one length.

    Returns:
        float32 in [-1, 1], higher is closer.
    """

def data(column: Expr | str, row: int, /) -> Expr:
    """The value of a column in one row, by its number from 0: the same for all rows.

    Returns:
        the column's type.
    """

def dot(column: Expr | str | float, vector: object, /) -> Expr:
    """The dot product of two vectors of one length.

    Returns:
        float32, higher is closer.
    """

def hamming_distance(column: Expr | str | float, vector: object, /) -> Expr:
    """The number of bits in which two vectors of bytes differ.

    Returns:
        array of one integer >= 0, lower is closer.
    """

def keys(x: Expr | str | float, /) -> Expr:
    """The keys of a JSON object.

    Returns:
        list of texts, sorted.
    """

def l1_norm(x: Expr | str | float, /) -> Expr:
    """The sum of the absolute elements; of a difference, the Manhattan distance.

    Returns:
        float32 >= 0, lower is closer.
    """

def l2_norm(x: Expr | str | float, /) -> Expr:
    """The root of the sum of squares; of a difference, the Euclidean distance.

    Returns:
        float32 >= 0, lower is closer.
    """

def linf_norm(x: Expr | str | float, /) -> Expr:
    """The largest absolute element; of a difference, the Chebyshev distance.

    Returns:
        float32 >= 0, lower is closer.
    """

def logical_and(left: Expr | str | float, right: Expr | str | float, /) -> Expr:
    """Both, element by element; the arrays must have one shape.

    Returns:
        array of bools.
    """

def logical_or(left: Expr | str | float, right: Expr | str | float, /) -> Expr:
    """Either or both, element by element; the arrays must have one shape.

    Returns:
        array of bools.
    """

def max_weight(*weights: tuple[Expr, float]) -> Expr:
    """The largest weight of the conditions that hold.

    Returns:
        float32.
    """

def maxsim(column: Expr | str | float, matrix: object, /) -> Expr:
    """The sum, over the rows of the query's matrix, of the largest cosine with a row of the column's.

    Returns:
        float32, higher is closer.
    """

def mmr_similarity(column: Expr | str, vector: object, /) -> Expr:
    """Relevance to a vector less likeness to the rows before; a key of ORDER BY, never a column.

    Returns:
        float32, higher is closer.
    """

def nonzero(x: Expr | str | float, /) -> Expr:
    """The indices of the elements that are not 0.

    Returns:
        array of int64.
    """

def prod(x: Expr | str | float, /) -> Expr:
    """The product of the elements.

    Returns:
        one number, same type; 1 for an empty array.
    """

def random() -> Expr:
    """A random number for each row.

    Returns:
        int32.
    """

def row_number() -> Expr:
    """The number of the row in the source.

    Returns:
        int64, from 0.
    """

def shape(x: Expr | str | float, /) -> Expr:
    """The lengths of an array's dimensions; empty for a single value.

    Returns:
        array of uint32, one for each dimension.
    """

def sqrt(x: Expr | str | float, /) -> Expr:
    """The square root, element by element; of floats only: integers come back as garbage.

    Returns:
        same shape.
    """

def sum(x: Expr | str | float, /) -> Expr:
    """The sum of the elements.

    Returns:
        one number, same type: small integers wrap.
    """

def sum_weight(*weights: tuple[Expr, float]) -> Expr:
    """The sum of the weights of the conditions that hold.

    Returns:
        float32.
    """

def count() -> Expr:
    """The number of rows of the group.

    Returns:
        int64.
    """

def mean(x: Expr | str | float, /) -> Expr:
    """The mean over the rows of the group.

    Returns:
        float64.
    """

def min(x: Expr | str | float, /) -> Expr:
    """The smallest number of the group.

    Returns:
        same type.
    """

def max(x: Expr | str | float, /) -> Expr:
    """The largest number of the group.

    Returns:
        same type.
    """

def first(x: Expr | str | float, /) -> Expr:
    """The value in the first row of the group, in the order of the source.

    Returns:
        same type.
    """

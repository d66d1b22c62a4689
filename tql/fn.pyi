"""The functions of TQL; written from the catalogue of `tql_grammar.functions` by `tests/tql/stubs.py`."""

from tql.columns import AnyValue, Filter, GroupKey, Numbers, Output, RowNumber
from tql.expressions.expr import Expr

def abs(x: Numbers) -> Expr:
    """The absolute value, element by element.

    The TQL is ``abs(x * 1)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        same shape; int64 for integers, float64 for floats.
    """

def all(x: Numbers, axis: int | None = None) -> Expr:
    """Whether every element is true, or is not 0; true for an empty array. With ``axis=-1`` along the last axis; the engine computes any other axis wrongly.

    The TQL is ``all(x, axis)``.

    Args:
        x: the name of a column, an expression or a number.
        axis: -1 for the last axis; by default all elements are reduced.

    Returns:
        bool; with an axis an array of bools.
    """

def all_strict(x: Numbers) -> Expr:
    """Whether every element is true, or is not 0; false for an empty array.

    The TQL is ``all_strict(x)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        bool.
    """

def amax(x: Numbers) -> Expr:
    """The largest element.

    The TQL is ``amax(x)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        one number, same type; 0 for an empty array.
    """

def amin(x: Numbers) -> Expr:
    """The smallest element.

    The TQL is ``amin(x)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        one number, same type; 0 for an empty array.
    """

def any(x: Numbers, axis: int | None = None) -> Expr:
    """Whether an element is true, or is not 0. With ``axis=-1`` along the last axis; the engine computes any other axis wrongly.

    The TQL is ``any(x, axis)``.

    Args:
        x: the name of a column, an expression or a number.
        axis: -1 for the last axis; by default all elements are reduced.

    Returns:
        bool; with an axis an array of bools.
    """

def avg(x: Numbers) -> Expr:
    """The mean of the elements.

    The TQL is ``avg(x)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        one float64; 0 for an empty array.
    """

def bm25_similarity(column: Output, text: AnyValue) -> Expr:
    """The BM25 score of an indexed text column for a search text; the engine supports it only as the single key of ORDER BY with DESC and LIMIT. ``.bm25(..)`` of a query generates that.

    The TQL is ``bm25_similarity(column, text)``.

    Args:
        column: the name of a column.
        text: a text, or a number for an array.

    Returns:
        float32 >= 0, higher is closer; rows that score 0 are left out.
    """

def contains(x: AnyValue, value: AnyValue) -> Expr:
    """Whether a text contains a string, case-sensitive, or an array a number; with a text index, whether the text contains the first word of the string. ``col(..).contains(..)`` searches for the string literally, with an index too.

    The TQL is ``contains(x, value)``.

    Args:
        x: the name of a column, an expression or a number.
        value: a text, or a number for an array.

    Returns:
        bool.
    """

def cosine_similarity(column: AnyValue, vector: object) -> Expr:
    """The cosine of the angle between two vectors of the same length.

    The TQL is ``cosine_similarity(column, vector)``.

    Args:
        column: the name of a column, an expression or a number.
        vector: numbers of shape (d,), converted to float32; or the name of a column, or an expression.

    Returns:
        float32 in [-1, 1], higher is closer; 0 for a zero vector.
    """

def data(column: Output, row: int) -> Expr:
    """The value of a column in the row of the source with a number from 0; the same for every row.

    The TQL is ``data(column, row)``.

    Args:
        column: the name of a column.
        row: an int.

    Returns:
        the column's type.
    """

def dot(column: AnyValue, vector: object) -> Expr:
    """The dot product of two vectors of the same length.

    The TQL is ``dot(column, vector)``.

    Args:
        column: the name of a column, an expression or a number.
        vector: numbers of shape (d,), converted to float32; or the name of a column, or an expression.

    Returns:
        float32, higher is closer; for columns of integers float64, for two of them int64.
    """

def hamming_distance(column: AnyValue, vector: object) -> Expr:
    """The number of bits in which two vectors of bytes differ.

    The TQL is ``hamming_distance(column, vector)``.

    Args:
        column: the name of a column, an expression or a number.
        vector: numbers of shape (d,), converted to float32; or the name of a column, or an expression.

    Returns:
        array of one integer >= 0, lower is closer.
    """

def keys(x: AnyValue) -> Expr:
    """The keys of a JSON object, in SELECT and in CONTAINS; a value that is no object ends the process of the engine.

    The TQL is ``keys(x)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        sorted list of strings.
    """

def l1_norm(x: Numbers) -> Expr:
    """The sum of the absolute elements; of a difference, the Manhattan distance.

    The TQL is ``l1_norm(x)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        float32 >= 0, lower is closer.
    """

def l2_norm(x: Numbers) -> Expr:
    """The root of the sum of squares; of a difference, the Euclidean distance.

    The TQL is ``l2_norm(x)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        float32 >= 0, lower is closer.
    """

def linf_norm(x: Numbers) -> Expr:
    """The largest absolute element; of a difference, the Chebyshev distance.

    The TQL is ``linf_norm(x)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        float32 >= 0, lower is closer.
    """

def logical_and(left: Numbers, right: Numbers) -> Expr:
    """Whether both are true, element by element; the arrays must have the same shape.

    The TQL is ``logical_and(left, right)``.

    Args:
        left: the name of a column, an expression or a number.
        right: the name of a column, an expression or a number.

    Returns:
        array of bools.
    """

def logical_or(left: Numbers, right: Numbers) -> Expr:
    """Whether either is true, element by element; the arrays must have the same shape.

    The TQL is ``logical_or(left, right)``.

    Args:
        left: the name of a column, an expression or a number.
        right: the name of a column, an expression or a number.

    Returns:
        array of bools.
    """

def max_weight(*weights: tuple[Filter, float]) -> Expr:
    """The largest weight of the conditions that hold; 0 where none does.

    The TQL is ``max_weight(a > 1: 2.0)``.

    Args:
        weights: pairs of a condition and a number, such as ``(col('a') > 1, 2.0)``.

    Returns:
        float32 >= 0.
    """

def maxsim(column: AnyValue, matrix: object) -> Expr:
    """The sum, over the rows of the query's matrix, of the largest cosine with a row of the column's, or 0 where all are negative.

    The TQL is ``maxsim(column, matrix)``.

    Args:
        column: the name of a column, an expression or a number.
        matrix: numbers of shape (n, d), converted to float32; or the name of a column, or an expression.

    Returns:
        float32 >= 0, higher is closer.
    """

def mmr_similarity(column: Output, vector: object) -> Expr:
    """Maximal marginal relevance: similarity to a vector, minus similarity to the rows ranked before; only as a key of ORDER BY.

    The TQL is ``mmr_similarity(column, vector)``.

    Args:
        column: the name of a column.
        vector: numbers of shape (d,), converted to float32; or the name of a column, or an expression.

    Returns:
        float32, higher is closer.
    """

def nonzero(x: Numbers) -> Expr:
    """The indices of the elements that are not 0; of a matrix, of the rows that have one. In select and where only.

    The TQL is ``nonzero(x)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        array of int64.
    """

def prod(x: Numbers) -> Expr:
    """The product of the elements.

    The TQL is ``prod(x * 1)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        int64 for integers and bools, float64 for floats; 1 for an empty array.
    """

def random() -> Expr:
    """A random whole number from 0 to 2147483647 for each row, different each time it is read: ``where(fn.random() % 10 == 0)`` keeps about a tenth of the rows.

    The TQL is ``random()``.

    Returns:
        int32.
    """

def row_number() -> Expr:
    """The number of the row in the source.

    The TQL is ``row_number()``.

    Returns:
        int64, from 0.
    """

def shape(x: AnyValue) -> Expr:
    """The lengths of an array's dimensions; empty for a single value.

    The TQL is ``shape(x)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        array of uint32, one for each dimension.
    """

def sqrt(x: Numbers) -> Expr:
    """The square root, element by element; NaN of negative numbers.

    The TQL is ``sqrt(x * 1.0)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        same shape, float64.
    """

def sum(x: RowNumber) -> Expr:
    """The sum over the rows of the group.

    The TQL is ``sum(x)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        int64 for integers and bools, float64 for floats.
    """

def sum_weight(*weights: tuple[Filter, float]) -> Expr:
    """The sum of the weights of the conditions that hold.

    The TQL is ``sum_weight(a > 1: 2.0)``.

    Args:
        weights: pairs of a condition and a number, such as ``(col('a') > 1, 2.0)``.

    Returns:
        float32.
    """

def asum(x: Numbers) -> Expr:
    """The sum of the elements of the array of one row.

    The TQL is ``sum(x * 1)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        int64 for integers and bools, float64 for floats; 0 for an empty array.
    """

def count() -> Expr:
    """The number of rows of the group.

    The TQL is ``count()``.

    Returns:
        int64.
    """

def mean(x: RowNumber) -> Expr:
    """The mean over the rows of the group.

    The TQL is ``mean(x)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        float64.
    """

def min(x: GroupKey | float) -> Expr:
    """The smallest number or text of the group; NaN where one is NaN, if the type is known.

    The TQL is ``min(x)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        same type.
    """

def max(x: GroupKey | float) -> Expr:
    """The largest number or text of the group; NaN where one is NaN, if the type is known.

    The TQL is ``max(x)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        same type.
    """

def first(x: AnyValue) -> Expr:
    """The value in the first row of the group, in the order of the source.

    The TQL is ``first(x)``.

    Args:
        x: the name of a column, an expression or a number.

    Returns:
        same type.
    """

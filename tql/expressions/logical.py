"""
Logical expressions: conditions and scores as the user called them.

`tql.expressions.physical` converts them for the engine; views such as `repr` and `diff` show the user's calls.
"""

from __future__ import annotations

from tql_grammar import ast


class TextMatch(ast.Expression):
    """
    A condition on a text: ``col("t").startswith("ab")``.

    Attributes:
        kind: the method: "like", "ilike", "startswith", "endswith", "contains" or "matches".
        operand: the text to match.
        text: the argument of the method.
    """

    kind: str
    operand: ast.Expression
    text: ast.String


class PatternMatch(ast.Expression):
    """
    A `TextMatch` with its pattern; only the cache of compiled texts makes one.

    Attributes:
        operand: the text that is tested.
        pattern: what LIKE takes, not empty.
        empty: whether the empty text matches as well.
        fold: whether it is for ILIKE.
    """

    operand: ast.Expression
    pattern: ast.String
    empty: bool
    fold: bool


class Range(ast.Expression):
    """A range with both ends included: ``col("a").between(1, 5)``."""

    operand: ast.Expression
    low: ast.Expression
    high: ast.Expression


class Membership(ast.Expression):
    """Equality with one of *members*, where there are none, or the engine's IN would not compare as ``=`` does: ``(col("a") + 1).in_([1, 2])``."""

    operand: ast.Expression
    members: tuple[ast.Expression, ...]
    negated: bool = False


class Similarity(ast.Expression):
    """
    The similarity of an embedding to a vector, as a sort key or a ranking of a hybrid search.

    Attributes:
        metric: a key of `tql.expressions.metrics.METRICS`.
        column: the embeddings.
        value: the vector, shape (d,), or (n, d) for maxsim.
        exact: whether the score is computed in a form that uses no index.
    """

    metric: str
    column: ast.Expression
    value: ast.Expression
    exact: bool = False


class Relevance(ast.Expression):
    """The BM25 score of a text, as a sort key or a ranking of a hybrid search."""

    column: ast.Expression
    value: ast.Expression

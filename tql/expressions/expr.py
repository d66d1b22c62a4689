"""TQL expressions of Python's operators, each with the meaning that Python readers expect."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Literal, NoReturn

from tql.expressions import operators as conditions
from tql.expressions import subscripts
from tql.expressions.qualified_name import QualifiedName
from tql.messages import shown
from tql.values.literal import by_value, literal, name
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.record import Record
from tql_grammar.rewrite.logic import conjunction, disjunction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tql_grammar.ast import Expression

PARENTHESES = 'put parentheses around comparisons: (col("a") == 1) & (col("b") > 2)'


class Expr:
    """
    A part of a query that has a value for each row; made by `col`, `fn`, `raw` and operators on them.

    ``==``, ``<`` and the others make conditions, so two expressions are compared with `same`.
    """

    __slots__ = ("node",)
    __hash__ = None  # type: ignore[assignment]  # `==` makes a condition, so an expression cannot be a key

    node: Expression

    def __init__(self, node: Expression) -> None:
        """Hold the tree."""
        object.__setattr__(self, "node", node)

    def __setattr__(self, attribute: str, value: object) -> None:
        """Refuse: an expression is frozen."""
        message = "an expression is frozen: operators and methods return new ones"
        raise AttributeError(message)

    def __reduce__(self) -> tuple[type[Expr], tuple[Expression]]:
        """Pickle and copy by the tree."""
        return Expr, (self.node,)

    def __repr__(self) -> str:
        """Return the Python expression that makes this one."""
        from tql.expressions.source import expression

        return expression(self.node)

    def __str__(self) -> str:
        """Return the TQL text, for columns of unknown types."""
        from tql.expressions.physical import physical
        from tql_grammar.printing.printer import to_tql
        from tql_grammar.rewrite.scope import UNKNOWN
        from tql_grammar.rewrite.typed import written

        return to_tql(written(physical(self.node), UNKNOWN))

    def same(self, other: Expr) -> bool:
        """Tell whether two expressions are the same; ``==`` makes a condition instead."""
        from tql.expressions.physical import physical

        return self.node == other.node or physical(self.node) == physical(other.node)

    # --- arithmetic: `id + 1`; numbers and arrays only ---------------------------------------------------------------

    def __add__(self, other: object) -> Expr:
        """``a + b``; element by element for arrays. Columns are computed with in 64 bits, ``a * 1 + b``: the engine by itself wraps small integers."""
        return Expr(conditions.arithmetic("+", self, other))

    def __radd__(self, other: object) -> Expr:
        """``1 + a``."""
        return Expr(conditions.arithmetic("+", other, self))

    def __sub__(self, other: object) -> Expr:
        """``a - b``; element by element for arrays."""
        return Expr(conditions.arithmetic("-", self, other))

    def __rsub__(self, other: object) -> Expr:
        """``1 - a``."""
        return Expr(conditions.arithmetic("-", other, self))

    def __mul__(self, other: object) -> Expr:
        """``a * b``; element by element for arrays."""
        return Expr(conditions.arithmetic("*", self, other))

    def __rmul__(self, other: object) -> Expr:
        """``2 * a``."""
        return Expr(conditions.arithmetic("*", other, self))

    def __truediv__(self, other: object) -> Expr:
        """``a / b``: float64, also for two integers; by zero infinite or NaN."""
        return Expr(conditions.arithmetic("/", self, other))

    def __rtruediv__(self, other: object) -> Expr:
        """``1 / a``."""
        return Expr(conditions.arithmetic("/", other, self))

    def __mod__(self, other: object) -> Expr:
        """``a % b``: the remainder with the sign of the dividend, ``-7 % 4`` is -3, unlike Python's."""
        return Expr(conditions.arithmetic("%", self, other))

    def __rmod__(self, other: object) -> Expr:
        """``7 % a``."""
        return Expr(conditions.arithmetic("%", other, self))

    def __neg__(self) -> Expr:
        """``-a``: ``a * -1``, since the engine takes ``-a`` in the type of the column."""
        return Expr(ast.Negate(self.node))

    # --- comparison --------------------------------------------------------------------------------------------------

    def __eq__(self, other: object) -> Expr:  # type: ignore[override]  # a condition, not a bool
        """``a = b``; ``== None`` is IS NULL."""
        return self.is_null() if other is None else Expr(conditions.equality("=", self.node, other))

    def __ne__(self, other: object) -> Expr:  # type: ignore[override]  # a condition, not a bool
        """``a != b``; ``!= None`` is IS NOT NULL."""
        return self.is_not_null() if other is None else Expr(conditions.equality("!=", self.node, other))

    def __lt__(self, other: object) -> Expr:
        """``a < b``: numbers by value, text by its UTF-8 bytes."""
        return Expr(conditions.ordering("<", self.node, other))

    def __le__(self, other: object) -> Expr:
        """``a <= b``: numbers by value, text by its UTF-8 bytes."""
        return Expr(conditions.ordering("<=", self.node, other))

    def __gt__(self, other: object) -> Expr:
        """``a > b``: numbers by value, text by its UTF-8 bytes."""
        return Expr(conditions.ordering(">", self.node, other))

    def __ge__(self, other: object) -> Expr:
        """``a >= b``: numbers by value, text by its UTF-8 bytes."""
        return Expr(conditions.ordering(">=", self.node, other))

    def between(self, low: object, high: object) -> Expr:
        """
        Both ends included: ``(a >= low and a <= high)`` for numbers, ``a between 'x' and 'y'`` for text, by its UTF-8 bytes.

        With a schema a column of integers that is never null has ``a between 5 and 10`` as well, which reads an index once.
        """
        return Expr(conditions.between(self.node, low, high))

    def in_(self, members: Iterable[object]) -> Expr:
        """
        Equal to one of *members*, numbers or texts: ``id in (1, 2)``.

        An empty list is false for every row.
        Numbers with a fraction become ``(x = 0.5 or x = 1.5)``, since IN cuts them to the column's type.

        Raises:
            ArgumentError: *members* is a str or a query, holds None, or mixes numbers and texts.
        """
        return Expr(conditions.membership("in_", self.node, members, negated=False))

    def not_in(self, members: Iterable[object]) -> Expr:
        """Equal to none of *members*: ``id not in (1, 2)``; an empty list is true for every row."""
        return Expr(conditions.membership("not_in", self.node, members, negated=True))

    def is_null(self) -> Expr:
        """``a is null``: nullable columns and missing JSON keys. No other column is ever null, though without a schema the engine takes the empty text for null."""
        return Expr(ast.IsNull(self.node))

    def is_not_null(self) -> Expr:
        """``a is not null``."""
        return Expr(ast.IsNull(self.node, negated=True))

    # --- text --------------------------------------------------------------------------------------------------------

    def like(self, pattern: str) -> Expr:
        """SQL's LIKE: ``%`` any run of characters, ``_`` any one character, newlines included, all else literal; the whole text has to match."""
        return Expr(conditions.matching("like", self.node, pattern))

    def ilike(self, pattern: str) -> Expr:
        """`like` without regard to case."""
        return Expr(conditions.matching("ilike", self.node, pattern))

    def startswith(self, text: str) -> Expr:
        """Begins with *text*, every character taken literally; the empty text begins every text."""
        return Expr(conditions.matching("startswith", self.node, text))

    def endswith(self, text: str) -> Expr:
        """Ends with *text*, every character taken literally."""
        return Expr(conditions.matching("endswith", self.node, text))

    def contains(self, value: object) -> Expr:
        """*value* occurs in it: a text in a text, case-sensitive and every character literal; a number among the elements of an array."""
        if isinstance(by_value(value), str) and not isinstance(self.node, ast.Subscript):
            return Expr(conditions.matching("contains", self.node, value))
        return Expr(ast.Function("contains", (self.node, literal("contains", value))))

    def matches(self, regex: str) -> Expr:
        """The regular expression (RE2's syntax) matches the whole text; ``.`` matches no newline."""
        return Expr(conditions.matching("matches", self.node, regex))

    # --- conditions --------------------------------------------------------------------------------------------------

    def __and__(self, other: object) -> Expr:
        """Both: ``a and b``."""
        return Expr(conjunction([self.node, condition("&", other)]))

    def __or__(self, other: object) -> Expr:
        """Either or both: ``a or b``."""
        return Expr(disjunction([self.node, condition("|", other)]))

    def __rand__(self, other: object) -> Expr:
        """Refuse what is no condition, most often a missing parenthesis."""
        return Expr(conjunction([condition("&", other), self.node]))

    def __ror__(self, other: object) -> Expr:
        """Refuse what is no condition, most often a missing parenthesis."""
        return Expr(disjunction([condition("|", other), self.node]))

    def __invert__(self) -> Expr:
        """``not a``."""
        return Expr(conditions.negation(self.node))

    def __bool__(self) -> NoReturn:
        """Refuse: an expression has a value for each row, not one."""
        rule = "takes a condition of Python, and an expression has no truth value before the engine runs it"
        raise ArgumentError(
            "and / or / not / if / a < b < c",
            rule,
            shown(self),
            f"use &, | and ~, and {PARENTHESES}; write a range with .between(low, high)",
        )

    def __contains__(self, item: object) -> NoReturn:
        """Refuse: ``in`` gives a bool in Python."""
        rule = "asks Python, which cannot ask the engine"
        raise ArgumentError(
            "in", rule, shown(item), "write col(..).contains(value), or col(..).in_([..]) the other way round"
        )

    def __iter__(self) -> NoReturn:
        """Refuse: an expression has no elements before the engine runs it."""
        raise ArgumentError("iteration", "takes a collection of Python", shown(self), "subscript it: col(..)[0]")

    # --- parts -------------------------------------------------------------------------------------------------------

    def __getitem__(self, index: int | slice | str | tuple[int | slice, ...]) -> Expr:
        """
        Take an element ``e[0]``, a slice ``e[0:2]``, ``m[0, 1]``, or the value of a JSON key ``meta['year']``.

        Indices count from 0; the engine takes the last element for an index beyond the end, so ``[-1]`` is the last.
        A slice needs its end, at most the length of the row.

        Raises:
            ArgumentError: a negative index other than -1, an open or negative end, or a step below 1: the engine reads other rows then.
        """
        return Expr(ast.Subscript(self.node, subscripts.indices(index)))

    @property
    def shape(self) -> Expr:
        """The lengths of an array's dimensions, as an array: ``shape(e)``."""
        return Expr(ast.Function("shape", (self.node,)))

    def as_(self, alias: str) -> Expr:
        """Give the expression a name in the result: ``id + 1 as next``."""
        return Expr(ast.Aliased(self.node, name("as_", alias)))


class Key(Record):
    """One key of an order; without a direction a search's score sorts the best first, and every other key ascends."""

    expression: Expression
    direction: Literal["asc", "desc"] | None = None

    def __repr__(self) -> str:
        """Return the call that makes this key."""
        from tql.expressions.source import key

        return key(self.expression, self.direction)


def col(column: str, of: str | None = None) -> Expr:
    """
    Name a column of the source, or an output of the query: ``col("text")``.

    Args:
        column: the name, case-sensitive, any characters but ``"``, newline and NUL.
        of: "source" or "output" where the name is both; or the alias of a joined source, ``b.text``.
    """
    label = name("col", column)
    if of in {"source", "output"}:
        return Expr(QualifiedName(label, of))
    return Expr(ast.Column(label, None if of is None else name("of", of)))


def asc(key: str | Expr) -> Key:
    """Order by *key* ascending: smallest first."""
    return Key(expression("asc", key), "asc")


def desc(key: str | Expr) -> Key:
    """Order by *key* descending: largest first."""
    return Key(expression("desc", key), "desc")


def not_(operand: Expr) -> Expr:
    """``not a``, the same as ``~a``."""
    return Expr(conditions.negation(condition("not_", operand)))


def all_of(parts: Iterable[Expr | None]) -> Expr:
    """All of the conditions hold; of none, true. None is left out."""
    return Expr(conjunction([condition("all_of", part) for part in parts if part is not None]))


def any_of(parts: Iterable[Expr | None]) -> Expr:
    """At least one of the conditions holds; of none, false. None is left out."""
    return Expr(disjunction([condition("any_of", part) for part in parts if part is not None]))


def expression(subject: str, value: object) -> Expression:
    """Return what a clause takes: an expression, or a str as the name of a column."""
    if isinstance(value, str):
        return _column(subject, value)
    if isinstance(value, Expr):
        return value.node
    raise ArgumentError(subject, "takes a column's name or an expression", shown(value))


@functools.lru_cache(maxsize=1024)
def _column(subject: str, label: str) -> ast.Column:
    """Return a column; the same names come again and again."""
    return ast.Column(name(subject, label))


def condition(subject: str, value: object) -> Expression:
    """Return a condition's tree, or refuse what is none."""
    if isinstance(value, Expr):
        return value.node
    if isinstance(value, str):
        hint = 'compare a column, col("id") > 3, or write TQL with raw("id > 3")'
    elif isinstance(value, bool):
        hint = "a comparison of Python values is done before the query; all_of([]) is true, any_of([]) is false"
    else:
        hint = PARENTHESES
    raise ArgumentError(subject, "takes a condition", shown(value), hint)

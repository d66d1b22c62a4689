"""`Expr`: TQL expressions composed with Python's operators and methods; and the functions that create or combine them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Literal, NoReturn

from tql.attributes import Advised, WithoutOperators, advised
from tql.expressions import operators as conditions
from tql.expressions import subscripts
from tql.expressions.qualified_name import QualifiedName
from tql.messages import column_hint, condition_hint, shown
from tql.values.literal import column_name, name
from tql.wrong_arguments import with_hint
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.hinted import hinted_by
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tql.columns import Filter, GroupKey
    from tql_grammar.ast import Expression

NO_ELEMENTS = "an expression has no elements before the engine runs it"
PARENTHESES = 'put parentheses around comparisons: (col("a") == 1) & (col("b") > 2)'


class Expr(Advised, WithoutOperators):
    """
    An immutable expression with a value for each row, created by `col`, `fn`, `raw` and operators on expressions.

    Comparison operators such as ``==`` return conditions; to test whether two expressions are equal, use `same`.
    """

    __slots__ = ("node",)
    __hash__ = None  # type: ignore[assignment]  # `==` returns a condition, so an expression cannot be a key of a dict

    node: Expression

    def __init__(self, node: Expression) -> None:
        """Wrap a syntax tree."""
        object.__setattr__(self, "node", node)

    def __setattr__(self, attribute: str, value: object) -> None:
        """Raise AttributeError: an expression is immutable."""
        message = "an expression is frozen: operators and methods return new expressions"
        raise AttributeError(message)

    def __reduce__(self) -> tuple[type[Expr], tuple[Expression]]:
        """Pickle and copy by the syntax tree."""
        return Expr, (self.node,)

    def __repr__(self) -> str:
        """Return the Python expression that builds this one."""
        from tql.expressions.source import expression

        try:
            return expression(self.node)
        except RecursionError:
            return "<Expr deeper than Python can walk down>"

    def __str__(self) -> str:
        """Return the TQL text, as generated without a schema."""
        from tql.expressions.physical import physical
        from tql_grammar.printing.printer import to_tql
        from tql_grammar.rewrite.scope import UNKNOWN
        from tql_grammar.rewrite.typed import legalize_value

        return to_tql(legalize_value(physical(self.node), UNKNOWN))

    def same(self, other: Expr) -> bool:
        """Return whether two expressions are equal; ``==`` returns a condition instead. ``startswith("a")`` and ``like("a%")`` are equal."""
        from tql.expressions.physical import physical

        return self.node == other.node or physical(self.node) == physical(other.node)

    # --- arithmetic: `id + 1`; numbers and arrays only ---------------------------------------------------------------

    def __add__(self, other: object) -> Expr:
        """``a + b``, element by element for arrays. Integers are promoted to 64 bits where two columns meet, ``a * 1 + b``, since small types overflow in the engine."""
        return Expr(conditions.arithmetic("+", self, other))

    def __radd__(self, other: object) -> Expr:
        """``1 + a``."""
        return Expr(conditions.arithmetic("+", other, self))

    def __sub__(self, other: object) -> Expr:
        """``a - b``, element by element for arrays."""
        return Expr(conditions.arithmetic("-", self, other))

    def __rsub__(self, other: object) -> Expr:
        """``1 - a``."""
        return Expr(conditions.arithmetic("-", other, self))

    def __mul__(self, other: object) -> Expr:
        """``a * b``, element by element for arrays."""
        return Expr(conditions.arithmetic("*", self, other))

    def __rmul__(self, other: object) -> Expr:
        """``2 * a``."""
        return Expr(conditions.arithmetic("*", other, self))

    def __truediv__(self, other: object) -> Expr:
        """``a / b`` as a float64, also for two integers; division by zero is infinite or NaN."""
        return Expr(conditions.arithmetic("/", self, other))

    def __rtruediv__(self, other: object) -> Expr:
        """``1 / a``."""
        return Expr(conditions.arithmetic("/", other, self))

    def __mod__(self, other: object) -> Expr:
        """``a % b``: the remainder has the sign of the dividend, unlike in Python: ``-7 % 4`` is -3."""
        return Expr(conditions.arithmetic("%", self, other))

    def __rmod__(self, other: object) -> Expr:
        """``7 % a``."""
        return Expr(conditions.arithmetic("%", other, self))

    def __neg__(self) -> Expr:
        """``a * -1``, since ``-a`` overflows in small and unsigned types of the engine."""
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

    @hinted_by(with_hint)
    def between(self, low: object, high: object) -> Expr:
        """
        Test for a value from *low* to *high*, both included; text is compared by its UTF-8 bytes.

        Example: ``col("a").between(1, 5)`` generates ``a >= 1 and a <= 5``, and ``col("t").between("a", "c")`` generates ``t between 'a' and 'c'``.

        With a schema, a column of integers that are never null uses ``a between 1 and 5``, which reads an index once.

        Raises:
            ArgumentError: an end is None, an array, or has no TQL literal.
        """
        return Expr(conditions.between(self.node, low, high))

    def in_(self, members: Iterable[object]) -> Expr:
        """
        Test for equality with one of *members*, numbers or texts; an empty list is false for every row.

        Example: ``col("id").in_([1, 2])`` generates ``id in (1, 2)``, and ``col("x").in_([0.5, 2.0])`` generates ``x = 0.5 or x = 2.0``, since IN truncates numbers to the type of the column.

        Raises:
            ArgumentError: *members* is a str or a query, contains None, or mixes numbers and texts.
        """
        return Expr(conditions.membership("in_", self.node, members, negated=False))

    def not_in(self, members: Iterable[object]) -> Expr:
        """The negation of `in_`; an empty list is true for every row. Example: ``col("id").not_in([1, 2])`` generates ``id not in (1, 2)``."""
        return Expr(conditions.membership("not_in", self.node, members, negated=True))

    def is_null(self) -> Expr:
        """Test for null in a nullable column, or a missing JSON key; without a schema an empty text counts as null too. Example: ``col("a").is_null()`` generates ``a is null``."""
        return Expr(ast.IsNull(self.node))

    def is_not_null(self) -> Expr:
        """The negation of `is_null`. Example: ``col("a").is_not_null()`` generates ``a is not null``."""
        return Expr(ast.IsNull(self.node, negated=True))

    # --- text --------------------------------------------------------------------------------------------------------

    def like(self, pattern: str) -> Expr:
        r"""
        Match the whole text with a pattern of SQL's LIKE: ``%`` is any run of characters and ``_`` any one character, newlines included; every other character is literal.

        Example: ``col("t").like("a_%")`` generates ``t like 'a[\s\S][\s\S]{0,}'``, since the engine's LIKE takes a regular expression.
        """
        return Expr(conditions.matching("like", self.node, pattern))

    def ilike(self, pattern: str) -> Expr:
        r"""`like`, case-insensitive. Example: ``col("t").ilike("a_")`` generates ``t ilike 'a[\x00-\x{10ffff}]'``."""
        return Expr(conditions.matching("ilike", self.node, pattern))

    def startswith(self, text: str) -> Expr:
        r"""Test for a literal prefix; the empty text is a prefix of every text. Example: ``col("t").startswith("ab")`` generates ``t like 'ab[\s\S]{0,}'``."""
        return Expr(conditions.matching("startswith", self.node, text))

    def endswith(self, text: str) -> Expr:
        r"""Test for a literal suffix. Example: ``col("t").endswith("ab")`` generates ``t like '[\s\S]{0,}ab'``."""
        return Expr(conditions.matching("endswith", self.node, text))

    def contains(self, value: object) -> Expr:
        r"""
        Test for a literal, case-sensitive substring of a text, or for an element of an array.

        Example: ``col("t").contains("ab")`` generates ``t like '[\s\S]{0,}ab[\s\S]{0,}'``, and ``col("labels").contains(3)`` generates ``contains(labels, 3)``.
        """
        return Expr(conditions.containing(self.node, value))

    def matches(self, regex: str) -> Expr:
        """Match the whole text with a regular expression in RE2's syntax; ``.`` matches no newline. Example: ``col("t").matches("a.*")`` generates ``t like 'a.{0,}'``."""
        return Expr(conditions.matching("matches", self.node, regex))

    # --- conditions --------------------------------------------------------------------------------------------------

    def __and__(self, other: object) -> Expr:
        """``a and b``."""
        return Expr(conditions.joined(ast.And, [self.node, condition("&", other)]))

    def __or__(self, other: object) -> Expr:
        """``a or b``."""
        return Expr(conditions.joined(ast.Or, [self.node, condition("|", other)]))

    def __rand__(self, other: object) -> Expr:
        """Raise ArgumentError unless *other* is a condition; usually parentheses are missing."""
        return Expr(conditions.joined(ast.And, [_left_condition("&", other), self.node]))

    def __ror__(self, other: object) -> Expr:
        """Raise ArgumentError unless *other* is a condition; usually parentheses are missing."""
        return Expr(conditions.joined(ast.Or, [_left_condition("|", other), self.node]))

    def __invert__(self) -> Expr:
        """``not a``."""
        return Expr(conditions.negation(self.node))

    def __bool__(self) -> NoReturn:
        """Raise ArgumentError: an expression has a value for each row, not one."""
        hint = f"use &, | and ~, and {PARENTHESES}; write a range with .between(low, high), and a list of values with .in_([..])"
        why = "an expression has no truth value before the engine runs it"
        raise ArgumentError("and / or / not / if / a < b < c", "takes a Python bool", shown(self), hint, why=why)

    def __contains__(self, item: object) -> NoReturn:
        """Raise ArgumentError: Python converts the result of ``in`` to a bool."""
        hint = f"write .contains({shown(item)}), or .in_([..]) for a list of values"
        raise ArgumentError("in", "takes a Python collection", shown(self), hint, why=NO_ELEMENTS)

    def __iter__(self) -> NoReturn:
        """Raise ArgumentError: an expression has no elements before the engine runs it."""
        hint = "subscript it: col(..)[0]"
        raise ArgumentError("iteration", "takes a Python collection", shown(self), hint, why=NO_ELEMENTS)

    # --- parts -------------------------------------------------------------------------------------------------------

    def __getitem__(self, index: int | slice | str | tuple[int | slice, ...]) -> Expr:
        """
        Return an element, ``e[0]`` or ``m[0, 1]``, a slice, ``e[0:2]``, or the value of a JSON key, ``meta['year']``.

        Indices count from 0, and ``[-1]`` is the last element; the engine reads the last element for an index beyond the end.
        A slice needs both ends, and its end is at most the length of the row.

        Raises:
            ArgumentError: the index is negative and not -1, an end of a slice is missing or negative, or its step is below 1; the engine would read other rows.
        """
        return Expr(ast.Subscript(self.node, subscripts.indices(index)))

    @property
    def shape(self) -> Expr:
        """The lengths of the dimensions of an array, as an array of integers. Example: ``col("e").shape`` generates ``shape(e)``."""
        return Expr(ast.Function("shape", (self.node,)))

    def as_(self, alias: str) -> Expr:
        """Name the expression in the result. Example: ``(col("id") + 1).as_("next")`` generates ``id + 1 as next``."""
        return Expr(ast.Aliased(self.node, name("as_", alias)))


class Key(Record):
    """A sort key; without a direction, the score of a search sorts best first, and every other key ascends."""

    expression: Expression
    direction: Literal["asc", "desc"] | None = None

    def __repr__(self) -> str:
        """Return the Python expression that builds this key."""
        from tql.expressions.source import key

        return key(self.expression, self.direction)


def col(column: str, of: str | None = None) -> Expr:
    """
    Return a reference to a column of the source, or to an output of the query.

    Example: ``col("year") > 2000`` generates ``year > 2000``, and ``col("text", of="b")`` generates ``b.text``.

    Args:
        column: the name, case-sensitive, of any characters except ``"``, newline and NUL.
        of: the alias of a joined source; or "source" or "output", if the name is both a column of the source and an output.

    Raises:
        ArgumentError: *column* or *of* is not a valid name.
    """
    label = name("col", column)
    if of in {"source", "output"}:
        return Expr(QualifiedName(label, of))
    return Expr(ast.Column(label, None if of is None else name("of", of)))


if not TYPE_CHECKING:
    col = advised(col)


def asc(key: GroupKey) -> Key:
    """Return an ascending sort key, smallest first. Example: ``select("id").order_by(asc("year"))`` generates ``select id order by year asc``."""
    return Key(expression("asc", key), "asc")


def desc(key: GroupKey) -> Key:
    """Return a descending sort key, largest first. Example: ``select("id").order_by(desc("year"))`` generates ``select id order by year desc``."""
    return Key(expression("desc", key), "desc")


def not_(operand: Filter) -> Expr:
    """Return the negation of a condition, as ``~a`` does. Example: ``not_(col("a") == 1)`` generates ``not a = 1``."""
    return Expr(conditions.negation(condition("not_", operand)))


def all_of(parts: Iterable[Filter | None]) -> Expr:
    """Return the conjunction of conditions, skipping None; true without any. Example: ``all_of([col("a") == 1, None, col("b") == 2])`` generates ``a = 1 and b = 2``."""
    return Expr(conditions.joined(ast.And, [condition("all_of", part) for part in parts if part is not None]))


def any_of(parts: Iterable[Filter | None]) -> Expr:
    """Return the disjunction of conditions, skipping None; false without any. Example: ``any_of([col("a") == 1, None, col("b") == 2])`` generates ``a = 1 or b = 2``."""
    return Expr(conditions.joined(ast.Or, [condition("any_of", part) for part in parts if part is not None]))


def expression(subject: str, value: object) -> Expression:
    """Return the syntax tree of an expression, or of a column for a str."""
    if isinstance(value, str):
        return _column(subject, value)
    if isinstance(value, Expr):
        return value.node
    raise ArgumentError(subject, "takes a column's name or an expression", shown(value), column_hint(subject, value))


@functools.lru_cache(maxsize=1024)
def _column(subject: str, label: str) -> ast.Column:
    """Return a column, cached by its name."""
    return ast.Column(column_name(subject, label))


def _left_condition(subject: str, value: object) -> Expression:
    """Return the condition on the left of ``&`` or ``|``; a text there is the end of a comparison without parentheses."""
    if isinstance(value, str):
        raise ArgumentError(subject, "takes a condition", shown(value), PARENTHESES)
    return condition(subject, value)


def condition(subject: str, value: object) -> Expression:
    """Return the syntax tree of a condition; a str, a bool or another value raises ArgumentError."""
    if isinstance(value, Expr):
        return value.node
    if isinstance(value, str):
        hint = 'compare a column, col("id") > 3, or write TQL with raw("id > 3")'
    elif isinstance(value, bool):
        hint = "Python has evaluated this comparison already; for a constant use all_of([]), which is true, or any_of([]), which is false"
    else:
        hint = condition_hint(value) or PARENTHESES
    raise ArgumentError(subject, "takes a condition", shown(value), hint)

"""Nodes of expressions: columns, literals, operators and calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from tql_grammar.ast.node import Expression, Node
from tql_grammar.record import made

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tql_grammar.ast.node import Query

# The size of a float32.
BYTES = 4
# From this integer on float64 leaves out others.
LARGE = 2**53


class Column(Expression):
    """A column or alias: ``text``, ``"my col"``, ``t.text``. Names are case-sensitive."""

    name: str
    table: str | None = None


class Star(Expression):
    """All columns: ``*`` or ``t.*``."""

    table: str | None = None


class Number(Expression):
    """A number without a sign, as the engine reads it: ``010`` is 8. An int is an int64, a float a float64."""

    value: int | float

    @property
    def is_float(self) -> bool:
        """Whether it is a float64."""
        return type(self.__dict__["value"]) is float

    @property
    def is_zero(self) -> bool:
        """Whether it is 0."""
        return not self.__dict__["value"]

    @property
    def is_large(self) -> bool:
        """Whether it is 2**53 or more, where float64 leaves out integers."""
        return bool(self.__dict__["value"] >= LARGE)


class String(Expression):
    """A text literal: ``'it''s'``."""

    value: str


class Boolean(Expression):
    """``TRUE`` or ``FALSE``."""

    value: bool


class Null(Expression):
    """``NULL``."""


class Parameter(Expression):
    """``?``: a placeholder of a prepared query; the builder's parameters have a name."""

    name: str = ""


class Array(Expression):
    """An array that is not a list of numbers: ``ARRAY['a', 'b']``, ``ARRAY[ARRAY[1, 2], ARRAY[3, 4]]``."""

    elements: tuple[Expression, ...]


class Vector(Expression):
    """
    An array of numbers as a single leaf, however long: ``ARRAY[0.25, -1]``.

    The engine stores every element as a float32, so two vectors are equal if their float32 values are equal bit for bit.
    `bits` are the float32 values in native byte order.
    `array` has shape (d,), d >= 1, dtype float32.
    `text` is the text between the brackets, with the fewest digits that parse to the same float32 values.
    """

    bits: bytes

    @classmethod
    def of(cls, array: NDArray[np.float32], text: str) -> Self:
        """Return a vector with a copy of an array, shape (d,), and its known text in brackets."""
        return made(cls, {"bits": array.tobytes(), "_text": text})

    @property
    def numbers(self) -> memoryview[float]:
        """The numbers, read-only, for a use that needs no numpy."""
        return memoryview(self.bits).cast("f")

    @property
    def array(self) -> NDArray[np.float32]:
        """The numbers as an array, read-only."""
        import numpy as np

        return np.frombuffer(self.bits, np.float32)

    @property
    def size(self) -> int:
        """The number of elements."""
        return len(self.bits) // BYTES

    @property
    def bracketed(self) -> str:
        """The numbers, separated by commas, in brackets."""
        cached: str | None = self.__dict__.get("_text")
        if cached is None:
            from tql_grammar.floats import bracketed, few

            cached = self.__dict__["_text"] = few(self.bits) or bracketed(self.array)
        return cached

    @property
    def text(self) -> str:
        """The numbers, separated by commas, without the brackets."""
        return self.bracketed[1:-1]

    def leaf(self) -> bytes:
        """Return the bits."""
        return self.bits

    def __repr__(self) -> str:
        """Show length and type instead of the numbers when there are many."""
        few = 8
        if self.size <= few:
            return f"Vector({self.numbers.tolist()})"
        return f"Vector(<{self.size} float32>)"


class Function(Expression):
    """A call: ``cosine_similarity(embedding, ARRAY[..])``. The name is kept as written; the engine ignores its case."""

    name: str
    arguments: tuple[Expression, ...] = ()
    distinct: bool = False


class Pair(Expression):
    """One ``condition: weight`` of a weight function, ``max_weight(a > 1: 2, b: 3)``."""

    condition: Expression
    weight: Expression


class Aliased(Expression):
    """``expression AS alias``."""

    expression: Expression
    alias: str


class Not(Expression):
    """``NOT operand``."""

    operand: Expression


class Negate(Expression):
    """``-operand``."""

    operand: Expression


class And(Expression):
    """``a AND b AND c``; nested conjunctions are flattened."""

    operands: tuple[Expression, ...]


class Or(Expression):
    """``a OR b OR c``; nested disjunctions are flattened."""

    operands: tuple[Expression, ...]


class Chain(Expression):
    """
    Left-associative operators of one precedence: ``a + b - c`` has the operators ``("+", "-")`` and three operands.

    The operators of one precedence are ``+ -``, ``* / %``, ``^`` and ``||``.
    """

    operators: tuple[str, ...]
    operands: tuple[Expression, ...]


class Comparison(Expression):
    """``left < right``; `operator` is one of ``= != < <= > >=`` (``==`` and ``<>`` are read as ``=`` and ``!=``)."""

    operator: Literal["=", "!=", "<", "<=", ">", ">="]
    left: Expression
    right: Expression

    @property
    def sides(self) -> tuple[tuple[Expression, Expression], ...]:
        """Each side, paired with the other one."""
        return (self.left, self.right), (self.right, self.left)


class Like(Expression):
    """``operand LIKE pattern``, NOT LIKE, ILIKE."""

    operand: Expression
    pattern: Expression
    negated: bool = False
    case_insensitive: bool = False


class In(Expression):
    """``operand IN (1, 2)``, or IN (SELECT ..), or NOT IN."""

    operand: Expression
    members: tuple[Expression, ...] | Query
    negated: bool = False


class Between(Expression):
    """``operand BETWEEN low AND high``, both ends included."""

    operand: Expression
    low: Expression
    high: Expression


class IsNull(Expression):
    """``operand IS NULL``, IS NOT NULL."""

    operand: Expression
    negated: bool = False


class Subscript(Expression):
    """``operand[1]``, ``operand[0:2, 1]``, ``operand['key']``."""

    operand: Expression
    indices: tuple[Expression, ...]

    @property
    def is_keyed(self) -> bool:
        """Whether one of the indices is a key of JSON: ``js['k']``."""
        return any(isinstance(index, String) for index in self.indices)


class Slice(Expression):
    """
    ``start:stop:step`` inside a subscript; ``[:]`` has none of them.

    `stepped` is true for a second colon without a step: ``[1::]`` and ``[1:]`` differ in the engine.
    """

    start: Expression | None = None
    stop: Expression | None = None
    step: Expression | None = None
    stepped: bool = False


class Computed(Expression):
    """An index in parentheses, ``e[(1)]``, which the engine computes as an expression, unlike the index of ``e[1]``."""

    expression: Expression


class Subquery(Expression):
    """A query used as a value: ``(SELECT ..)``."""

    query: Query


class Exists(Expression):
    """``EXISTS (SELECT ..)``, NOT EXISTS."""

    query: Query
    negated: bool = False


class When(Node):
    """One ``WHEN condition THEN result`` of CASE."""

    condition: Expression
    result: Expression


class Case(Expression):
    """``CASE subject WHEN .. THEN .. ELSE otherwise END``, with or without a subject."""

    branches: tuple[When, ...]
    otherwise: Expression | None = None
    subject: Expression | None = None


class Cast(Expression):
    """``CAST(expression AS type)``."""

    expression: Expression
    type: str


class Extract(Expression):
    """``EXTRACT(unit FROM expression)``."""

    unit: str
    expression: Expression


class Date(Expression):
    """``DATE '2020-01-31'``."""

    text: str


class Interval(Expression):
    """``3 DAYS``, ``INTERVAL '3 days'``."""

    amount: int
    unit: str


class Split(Expression):
    """The word SPLIT in ``UNGROUP BY SPLIT``."""

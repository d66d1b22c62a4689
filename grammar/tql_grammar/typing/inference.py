"""
Type inference: the type and the shape of an expression, as a `Column`; None where they are unknown.

The engine computes with the type promotion of numpy: the result of ``+ - * %`` has the type that ``numpy.result_type`` returns for its operands.
A literal is an int64 or a float64, and a quotient is a float of at least as many bits. The columns of a set operation are promoted likewise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tql_grammar import ast
from tql_grammar.ast.traced import TracedNumber, TracedString, TracedVector
from tql_grammar.engines import REMAINDER, lacks
from tql_grammar.functions import CATALOGUE, WITH_AXIS
from tql_grammar.schema import NOT_NUMERIC, Column
from tql_grammar.walk import unbounded, walk

if TYPE_CHECKING:
    from collections.abc import Callable


class ColumnScope(Protocol):
    """The columns that an expression sees."""

    def column(self, node: object) -> Column | None:
        """Return the type of the column that *node* names, or None if it is unknown or *node* is no column."""
        ...


BOOL, TEXT, INT64, FLOAT64, FLOAT32 = map(Column, ("bool", "text", "int64", "float64", "float32"))
TESTS = (ast.And, ast.Or, ast.Not, ast.In, ast.Between, ast.Like, ast.IsNull, ast.Boolean)
# The types that `numbers` returns for scores of vectors, reciprocal ranks, counts of rows, and remainders of a division by a small number.
SCORE, RANK = Column("float32", kind="score"), Column("float64", kind="score")
COUNT, SMALL = Column("uint32"), Column("int16")
OF_ROWS = frozenset({"row_number", "count"})
# Arithmetic that changes the type of a number but not its value; and the most bits of a number that no wider type rounds.
NEUTRAL = frozenset(
    (sign, ast.Number(kind(one))) for sign, one in (("*", 1), ("/", 1), ("+", 0), ("-", 0)) for kind in (int, float)
)
EXACT = 32
SMALLEST = 2**24
# The bits of each type.
SIGNED = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
UNSIGNED = {"uint8": 8, "uint16": 16, "uint32": 32, "uint64": 64}
FLOATING = {"float16": 16, "float32": 32, "float64": 64}
LARGEST = 64


def infer(node: ast.Node, scope: ColumnScope) -> Column | None:
    """Return the type of the value of *node*, or None if it is unknown."""
    types = getattr(scope, "types", None)
    if types is None:
        return _infer(node, scope)
    known: tuple[ast.Node, Column | None] | None = types.get(id(node))
    if known is None:
        known = types[id(node)] = (node, _infer(node, scope))
    return known[1]


@unbounded
def _infer(node: ast.Node, scope: ColumnScope) -> Column | None:
    """Compute the type of the value of *node*."""
    if isinstance(node, TESTS):
        return BOOL
    rule = _RULES.get(type(node))
    return None if rule is None else rule(node, scope)


def numbers(node: ast.Node, scope: ColumnScope) -> Column | None:
    """
    Return the narrowest known type that holds all values of *node*; the type that they are computed in may be wider.

    ``a * 1`` of an int8 is computed as int64, but its values fit into int8; those of ``a % 10`` fit into int16, and a number of rows into uint32.
    A random value changes each time that it is computed, so it cannot be split into parts and counts as small.
    """
    if _is_small_remainder(node, scope):
        return SMALL
    inner = _without_neutral(node)
    found = infer(inner, scope)
    if found is None:
        return infer(node, scope)
    if any(isinstance(part, ast.Function) and part.name.lower() == "random" for part in walk(node)):
        return SMALL
    return infer(node, scope) if inner is not node and _bits(found.dtype) > EXACT else _own_numbers(inner, found)


def _bits(dtype: str) -> int:
    """Return the bits of the numbers of a type, or 0 for any other."""
    return max(bits.get(dtype, 0) for bits in (SIGNED, UNSIGNED, FLOATING))


def _own_numbers(node: ast.Node, found: Column) -> Column:
    """Return the narrowest known type of a value, from the type that it is computed in."""
    if isinstance(node, ast.Function):
        return _of_function(node, found)
    if _is_reciprocal(node):
        return RANK
    return SMALL if _is_small(node, found) else found


@unbounded
def _without_neutral(node: ast.Node) -> ast.Node:
    """Return the first operand of arithmetic that does not change its value."""
    if not isinstance(node, ast.Chain):
        return node
    rest = zip(node.operators, node.operands[1:], strict=True)
    neutral = all(isinstance(operand, ast.Number) and (sign, operand) in NEUTRAL for sign, operand in rest)
    return _without_neutral(node.operands[0]) if neutral else node


def _of_function(node: ast.Function, found: Column) -> Column:
    """Return the narrowest known type of a function's values."""
    name = node.name.lower()
    if name in OF_ROWS:
        return COUNT
    own = name in RESULTS or name in PRODUCTS
    return SCORE if own and found == FLOAT32 else found


def _is_reciprocal(node: ast.Node) -> bool:
    """Tell whether *node* is the reciprocal of a rank, ``1.0 / (61 + row_number())``: it is positive, and finite."""
    if not isinstance(node, ast.Chain) or node.operators != ("/",):
        return False
    over, under = node.operands
    ranks = isinstance(under, ast.Chain) and under.operators == ("+",) and _is_positive(under.operands[0])
    return ranks and _is_positive(over) and under.operands[1] == ast.Function("row_number")  # type: ignore[attr-defined]  # a Chain


def _is_positive(node: ast.Node) -> bool:
    """Tell whether *node* is a positive number."""
    return isinstance(node, ast.Number) and not node.is_zero


def _is_small(node: ast.Node, found: Column) -> bool:
    """Tell whether *node* is the remainder of a division of integers by a small number."""
    if not isinstance(node, ast.Chain) or node.operators[-1] != "%" or found.dtype not in {*SIGNED, *UNSIGNED}:
        return False
    last = node.operands[-1]
    is_plain = found.is_single and not (found.nullable or found.inferred)
    return isinstance(last, ast.Number) and is_plain and last.value <= SMALLEST


def _is_small_remainder(node: ast.Node, scope: ColumnScope) -> bool:
    """Tell whether *node* is generated from the remainder of a division of integers by a small number."""
    origin = node.origin
    if not isinstance(origin, ast.Chain) or origin.operators != ("%",):
        return False
    dividend = infer(origin.operands[0], scope)
    return dividend is not None and _is_small(origin, dividend)


def _number(node: ast.Number, _scope: ColumnScope) -> Column:
    """Return the type of a number."""
    return FLOAT64 if node.is_float else INT64


def _array(node: ast.Array, scope: ColumnScope) -> Column | None:
    """Return the type of an array."""
    inner = infer(node.elements[0], scope)
    if inner is None or inner.dtype == "text":
        return None
    return Column("float32", (len(node.elements), *inner.shape))


def _comparison(node: ast.Comparison, scope: ColumnScope) -> Column | None:
    """Return a bool for each element of the left side."""
    left = infer(node.left, scope)
    return None if left is None else Column("bool", left.shape)


def promoted(left: str, right: str) -> str:
    """Return the common type of two types, as ``numpy.result_type`` does."""
    if right in {left, "bool"}:
        return left
    if left == "bool":
        return right
    for same in (SIGNED, UNSIGNED, FLOATING):
        if left in same and right in same:
            return max(left, right, key=same.__getitem__)
    if left in FLOATING or right in FLOATING:
        return f"float{max(_floating(left), _floating(right))}"
    return _signed(left, right)


def _signed(left: str, right: str) -> str:
    """Return the common type of a signed and an unsigned integer type."""
    signed = max(SIGNED.get(left, 0), SIGNED.get(right, 0))
    wanted = 2 * max(UNSIGNED.get(left, 0), UNSIGNED.get(right, 0))
    return f"int{max(signed, wanted)}" if wanted <= LARGEST else "float64"


def _floating(dtype: str) -> int:
    """Return the bits of a float type, or of the float type to which an integer type is promoted."""
    return FLOATING.get(dtype) or min(2 * int(dtype.strip("uint")), LARGEST)


def _quotient(dtype: str) -> str:
    """Return the type of a quotient of numbers of a type."""
    if dtype in FLOATING:
        return dtype
    return f"float{max(SIGNED.get(dtype, 0), UNSIGNED.get(dtype, 0), FLOATING['float16'])}"


def _is_element(node: ast.Node) -> bool:
    """Tell whether *node* is a value of JSON, which is an int64 or a float64 in arithmetic."""
    return isinstance(node, ast.Subscript) and node.is_keyed


def _chain(node: ast.Chain, scope: ColumnScope) -> Column | None:
    """Return the type of arithmetic, which is nullable if one of its operands is."""
    columns: list[Column] = []
    for operand in node.operands:
        column = _operand(operand, scope)
        if column is None or column.dtype in NOT_NUMERIC:
            return None
        columns.append(column)
    dtype = columns[0].dtype
    for operator, column in zip(node.operators, columns[1:], strict=True):
        dtype = _of_operator(operator, promoted(dtype, column.dtype))
    shape = max((column.shape for column in columns), key=len)
    nullable, inferred = (any(getattr(column, name) for column in columns) for name in ("nullable", "inferred"))
    return Column(dtype, shape, nullable, inferred=inferred)


def _of_operator(operator: str, dtype: str) -> str:
    """Return the type of the result of an operator for operands of a type."""
    if operator == "%" and lacks(REMAINDER):
        return "float64"
    return _quotient(dtype) if operator == "/" else dtype


def _operand(node: ast.Expression, scope: ColumnScope) -> Column | None:
    """Return the type of an operand of arithmetic: a value of JSON is a number there."""
    return infer(node, scope) or (FLOAT64 if _is_element(node) else None)


def _function(node: ast.Function, scope: ColumnScope) -> Column | None:
    """Return the type of a call."""
    name = node.name.lower()
    if name in WITH_AXIS and len(node.arguments) > 1:
        return None
    if name in RESULTS:
        return RESULTS[name]
    rule = CALLS.get(name)
    found = [infer(argument, scope) for argument in node.arguments] if rule is not None else []
    return rule(*found) if rule is not None and found and found[0] is not None else None


def _reduced(first: Column, *_others: Column | None) -> Column:
    """Return the type of a reduction of an array to one value."""
    return Column(first.dtype)


def _kept(first: Column, *_others: Column | None) -> Column:
    """Return the type and shape of the argument."""
    return Column(first.dtype, first.shape)


def _root(first: Column, *_others: Column | None) -> Column:
    """Return the type of square roots."""
    return Column(_quotient(first.dtype), first.shape)


def _dot(first: Column, second: Column | None = None, *_others: Column | None) -> Column | None:
    """Return the type of a dot product of vectors, None for those of other values; inferred floats count as float32, as those of embeddings are, so that a search has its one key."""
    if any(column is not None and not _bits(column.dtype) for column in (first, second)):
        return None
    if second is None or (first.inferred and first.dtype in FLOATING):
        return Column("float32", first.shape[:-1])
    return Column(promoted(first.dtype, second.dtype), first.shape[:-1])


def _cosine(first: Column, second: Column | None = None, *_others: Column | None) -> Column | None:
    """Return the type of a cosine of vectors."""
    product = _dot(first, second)
    return None if product is None else Column(_quotient(product.dtype), product.shape)


def _negate(node: ast.Negate, scope: ColumnScope) -> Column | None:
    """Return the type of a negated number: signed for an unsigned integer, and never nullable, since the engine drops that property."""
    column = infer(node.operand, scope)
    if column is None or not (column.nullable or column.dtype in UNSIGNED):
        return column
    dtype = column.dtype.removeprefix("u") if column.dtype in UNSIGNED else column.dtype
    return Column(dtype, column.shape, nullable=False)


def _subscript(node: ast.Subscript, scope: ColumnScope) -> Column | None:
    """Return the type of an element or a slice of an array; None for a value of JSON."""
    column = infer(node.operand, scope)
    if column is None or not column.shape or node.is_keyed:
        return None
    if isinstance(node.operand, ast.Column) and None not in column.shape:
        return Column(column.dtype, (None,))
    kept = [length for length, index in zip(column.shape, node.indices, strict=False) if isinstance(index, ast.Slice)]
    return Column(column.dtype, (*(None for _ in kept), *column.shape[len(node.indices) :]))


# The types by the rules of the catalogue; none for "bools".
GIVEN: dict[str, Callable[..., Column | None] | None] = {
    "element": _reduced, "argument": _kept, "root": _root, "dot": _dot, "cosine": _cosine, "bools": None, "": None,
}  # fmt: skip
CALLS = {name: GIVEN[function.gives] for name, function in CATALOGUE.items() if function.gives in GIVEN}
RESULTS = {name: Column.parse(function.gives) for name, function in CATALOGUE.items() if name not in CALLS}
PRODUCTS = frozenset(name for name, function in CATALOGUE.items() if function.gives in {"dot", "cosine"})
_RULES: dict[type, Callable[..., Column | None]] = {
    ast.Column: lambda node, scope: scope.column(node),
    **dict.fromkeys((ast.Number, TracedNumber), _number),
    **dict.fromkeys((ast.String, TracedString), lambda _node, _scope: TEXT),
    **dict.fromkeys((ast.Vector, TracedVector), lambda node, _scope: Column("float32", (node.size,))),
    ast.Array: _array,
    ast.Comparison: _comparison,
    ast.Chain: _chain,
    ast.Negate: _negate,
    ast.Function: _function,
    ast.Subscript: _subscript,
    ast.Computed: lambda node, scope: infer(node.expression, scope),
}

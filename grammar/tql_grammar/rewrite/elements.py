"""
Arrays in conditions, sort keys and outputs.

The engine compares an array element by element, and ANY and ALL reduce the results; a condition that is an array itself has the value of its first element.
IN over an array compares the first element, and AND or OR of an array with a single value reads other elements.
Arithmetic and comparisons of an array with a single value turn a row of one element into a single value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import CATALOGUE, ELEMENTWISE, QUANTIFIERS
from tql_grammar.rewrite.given import VerbatimExpression
from tql_grammar.rewrite.logic import disjunction, negation
from tql_grammar.rewrite.scope import Values
from tql_grammar.schema import NOT_NUMERIC
from tql_grammar.typing.inference import infer
from tql_grammar.walk import rebuild, substitute, walk

if TYPE_CHECKING:
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope

N = TypeVar("N", bound=ast.Node)
NO_ARRAYS = frozenset({"sequence", "image", "other"})
# Functions whose type follows from that of the argument.
TYPED_BY_ARGUMENT = frozenset(
    name for name, function in CATALOGUE.items() if function.gives in {"element", "argument", "root"}
)
ONE = "use fn.any(..) or fn.all(..), or an element: col(..)[0]"


def is_quantified(node: object) -> bool:
    """Tell whether *node* is ANY or ALL of the elements of one array."""
    return isinstance(node, ast.Function) and node.name.lower() in QUANTIFIERS and len(node.arguments) == 1


def shape(node: Expression, scope: Scope) -> tuple[int | None, ...] | None:
    """Return the lengths of the dimensions of an expression, () for one number in each row, None where they are unknown or the values are no numbers."""
    if isinstance(node, ast.Subscript) and not node.is_keyed:
        found = shape(node.operand, scope)
        return found if not found else _of_subscript(node, found)
    column = infer(node, Values(scope))
    if column is None or column.dtype in NOT_NUMERIC or column.kind in NO_ARRAYS:
        return None
    return column.shape


def _of_subscript(node: ast.Subscript, whole: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """Return the shape of a part of an array; the engine keeps the dimension of an index into rows of equal shape."""
    fixed = isinstance(node.operand, ast.Column) and None not in whole
    parts = zip(node.indices, whole, strict=False)
    kept = [_length(index, length) for index, length in parts if fixed or isinstance(index, ast.Slice)]
    return (*kept, *whole[len(node.indices) :])


def _length(index: Expression, length: int | None) -> int | None:
    """Return the length of a dimension after a slice, or after an index that keeps the dimension."""
    if not isinstance(index, ast.Slice) or length is None:
        return None
    bounds = index.start, index.stop, index.step
    known = [bound.value for bound in bounds if isinstance(bound, ast.Number)]
    if len(known) < len(bounds) - bounds.count(None):
        return None
    ends = (bound.value if isinstance(bound, ast.Number) else None for bound in bounds)
    return len(range(*slice(*ends).indices(length)))


def distributed(node: N, scope: Scope) -> N:
    """Return *node* with subscripts of arithmetic at its arrays, ``a[0] * 2`` for ``(a * 2)[0]``, of which the engine loses rows."""

    def push(part: Record) -> Record:
        is_computed = isinstance(part, ast.Subscript) and _is_elementwise(part.operand) and not part.is_keyed
        return (_pushed(part.operand, part, scope) or part) if is_computed else part  # type: ignore[attr-defined,arg-type]  # a subscript

    return rebuild(node, push) if any(isinstance(part, ast.Subscript) for part in walk(node)) else node


def _is_elementwise(node: Expression) -> bool:
    """Tell whether an expression is computed element by element."""
    if isinstance(node, ast.Function):
        return node.name.lower() in ELEMENTWISE
    return isinstance(node, (ast.Chain, ast.Negate, ast.Comparison))


def _pushed(node: Expression, around: ast.Subscript, scope: Scope) -> Expression | None:
    """Return an expression with a subscript at each of its arrays; None where it is unknown which operands are arrays."""
    if _is_elementwise(node):
        parts = _operands(node)
        found = [_pushed(part, around, scope) for part in parts]
        return None if None in found else substitute(node, dict(zip(parts, found, strict=True)).get)  # type: ignore[arg-type]  # keyed by expressions
    if isinstance(node, ast.Number):
        return node
    known = shape(node, scope)
    if known is None and sum(isinstance(part, ast.Column) for part in walk(around)) > 1:
        return None
    return node if known == () else around.replace(operand=node)


def _operands(node: Expression) -> tuple[Expression, ...]:
    """Return the operands of an expression that is computed element by element."""
    if isinstance(node, ast.Comparison):
        return node.left, node.right
    if isinstance(node, ast.Negate):
        return (node.operand,)
    return node.operands if isinstance(node, ast.Chain) else node.arguments  # type: ignore[attr-defined]  # a function


def quantified_members(node: N) -> N:
    """Return *node* with equalities in the place of IN inside of ANY and ALL."""
    return rebuild(node, _with_equalities) if any(map(is_quantified, walk(node))) else node


def _with_equalities(node: Record) -> Record:
    """Return ``any(a = 1) or any(a = 2)`` for ``any(a in (1, 2))``, and equalities for IN below ALL."""
    if not is_quantified(node):
        return node
    assert isinstance(node, ast.Function)  # noqa: S101 - `is_quantified`
    (test,) = node.arguments
    if node.name.lower() == "any" and isinstance(test, ast.In) and not test.negated and _has_members(test):
        return disjunction(node.replace(arguments=(part,)) for part in _equalities(test))
    return rebuild(node, _either)


def _has_members(node: ast.In) -> bool:
    """Tell whether IN has a list, and not a subquery."""
    return not isinstance(node.members, ast.Query)


def _equalities(node: ast.In) -> list[Expression]:
    """Return the equalities with each member of a list."""
    return [ast.Comparison("=", node.operand, member) for member in node.members]  # type: ignore[union-attr]  # no subquery


def _either(node: Record) -> Record:
    """Return equalities joined by OR for IN."""
    if not isinstance(node, ast.In) or not _has_members(node):
        return node
    found = disjunction(_equalities(node))
    return negation(found) if node.negated else found


def require_single(node: Expression, scope: Scope) -> None:
    """
    Require that a condition or a sort key has one value in each row.

    Raises:
        ArgumentError: it has the value of each element of an array.
    """
    if scope.columns is None:
        return

    def check(part: Record) -> Record | None:
        if isinstance(part, VerbatimExpression):
            return part
        if isinstance(part, ast.Function) and part.name.lower() not in TYPED_BY_ARGUMENT:
            if is_quantified(part):
                _require_arrays(part.arguments[0], scope)
            return part
        if isinstance(part, ast.Comparison) and any(shape(side, scope) for side in (part.left, part.right)):
            raise _many(part)
        return None

    substitute(node, check)
    if not isinstance(node, VerbatimExpression) and shape(node, scope):
        raise _many(node)


def _many(node: Record) -> ArgumentError:
    """Return the error about an array in the place of one value."""
    why = "an array has many"
    return ArgumentError("comparison", "takes one value in each row", _written(node), ONE, why=why)


def _require_arrays(node: Expression, scope: Scope) -> None:
    """Require that each operand of AND and OR below ANY or ALL is an array, or that none is."""
    for part in walk(node):
        if isinstance(part, (ast.And, ast.Or)):
            kinds = {bool(found) for operand in part.operands if (found := _elements(operand, scope)) is not None}
            if len(kinds) > 1:
                rule = "takes conditions on elements only"
                why = "joined with one on the row, the engine reads other elements"
                hint = "put the condition on the row outside: fn.any(..) & (col(..) == 1)"
                raise ArgumentError("fn.any / fn.all", rule, _written(part), hint, why=why)


def _elements(node: Expression, scope: Scope) -> tuple[int | None, ...] | None:
    """Return the shape of a condition."""
    if isinstance(node, (ast.And, ast.Or)):
        found = [_elements(operand, scope) for operand in node.operands]
        return next(filter(None, found), None if None in found else ())
    if isinstance(node, ast.Not):
        return _elements(node.operand, scope)
    return shape(node.operand if isinstance(node, ast.Between) else node, scope)


def require_kept(subject: str, node: Expression, scope: Scope) -> None:
    """
    Require that an output that is an array is one in each row.

    Raises:
        ArgumentError: the engine returns a number for a row of one element.
    """
    stack = [node] if _has_arrays(node, scope) else []
    while stack:
        part = stack.pop()
        operands = _operands(part) if _is_elementwise(part) else ()
        if _may_lose_shape([shape(operand, scope) for operand in operands]):
            rule = "takes no arithmetic or comparison of one number with an array whose length may be 1"
            why = "the engine returns a number for a row of one element"
            hint = "select the array and compute in Python, reduce it, as with fn.asum, or declare the length: Schema(a='float64[8]')"
            raise ArgumentError(subject, rule, _written(part), hint, why=why)
        stack += operands


def _has_arrays(node: Record, scope: Scope) -> bool:
    """Tell whether an expression reads an array, or has one as a literal."""
    columns = (scope.value(part) for part in walk(node) if isinstance(part, ast.Column))
    literals = (isinstance(part, (ast.Array, ast.Vector)) for part in walk(node))
    return any(column is not None and column.shape for column in columns) or any(literals)


def _may_lose_shape(shapes: list[tuple[int | None, ...] | None]) -> bool:
    """Tell whether one number meets an array whose length may be 1."""
    return () in shapes and any(found and set(found) <= {1, None} for found in shapes)


def _written(node: Record) -> str:
    """Return an expression as TQL."""
    from tql_grammar.printing.printer import to_tql

    return f"`{to_tql(node)}`"  # type: ignore[arg-type]  # a node

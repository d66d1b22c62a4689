"""
Values of JSON that a row may lack, or that are numbers of two types.

The engine fails to compute with a value where a row lacks it, outside of WHERE, and LIKE fails for a missing value everywhere.
KEYS of a value that a row lacks ends the engine's process (SIGSEGV).
The numbers of an output have the type of the first one: 1.5 after 3 becomes the integer with its bits. Times 1.0 all of them are float64.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import NUMERIC
from tql_grammar.outputs import output_name
from tql_grammar.rewrite.arithmetic import chained
from tql_grammar.rewrite.given import VerbatimExpression
from tql_grammar.rewrite.json_values import is_json_value
from tql_grammar.rewrite.logic import conjunction
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope

N = TypeVar("N", bound=ast.Node)
FLOAT = ast.Number(1.0)


def is_value(node: object, scope: Scope) -> bool:
    """Tell whether *node* is a value of JSON, or the column of a subquery that has one."""
    if isinstance(node, ast.Column):
        return node.table is None and node.name in scope.json_values
    return is_json_value(node)


def required_values(node: Expression, scope: Scope) -> frozenset[Expression]:
    """Return the values of JSON that each row that meets a condition has."""
    if isinstance(node, ast.And):
        return frozenset(value for part in node.operands for value in required_values(part, scope))
    rule = _REQUIRED.get(type(node))
    return frozenset(part for part in rule(node) if is_value(part, scope)) if rule is not None else frozenset()


def _unless_negated(node: ast.In | ast.Between | ast.Like) -> tuple[Expression, ...]:
    """Return the operand of a test that no missing value meets."""
    return () if getattr(node, "negated", False) else (node.operand,)


_REQUIRED: dict[type, Callable[..., tuple[Expression, ...]]] = {
    ast.Comparison: lambda node: (node.left, node.right),
    ast.IsNull: lambda node: (node.operand,) if node.negated else (),
    **dict.fromkeys((ast.In, ast.Between, ast.Like), _unless_negated),
}


def kept_values(outputs: Iterable[Expression], scope: Scope) -> frozenset[Expression]:
    """Return the values of JSON that no row of a select list lacks, as the enclosing query reads them."""
    outputs = tuple(outputs)
    whole = ast.Star() in outputs
    named = {output_name(output): output for output in outputs}
    kept = {value for value in scope.present if whole or named.get(_root(value)) == ast.Column(_root(value))}
    lifted = {
        ast.Column(label)
        for label, output in named.items()
        if label and isinstance(output, ast.Aliased) and output.expression in scope.present
    }
    return frozenset(kept | lifted)


def _root(node: Expression) -> str:
    """Return the name of the column that has a value."""
    while isinstance(node, ast.Subscript):
        node = node.operand
    return node.name if isinstance(node, ast.Column) else ""


def require_there(subject: str, node: Expression, scope: Scope) -> None:
    """
    Require that no row lacks a value of JSON.

    Raises:
        ArgumentError: a row may lack it.
    """
    if node not in scope.present:
        rule, why = "takes a value of JSON that every row has", "where a row lacks it, the engine fails"
        hint = f"leave those rows out: .where({_python(node)}.is_not_null()); for a pattern or keys below OR and NOT in a subquery: from_(select().where(..))"
        raise ArgumentError(subject, rule, _written(node), hint, why=why)


def _python(node: Expression) -> str:
    """Return a value of JSON as the builder writes it."""
    if not isinstance(node, ast.Subscript):
        return f"col({_root(node)!r})"
    return _python(node.operand) + "".join(f"[{part.value!r}]" for part in node.indices)  # type: ignore[attr-defined]  # a key or an index


def as_number(subject: str, node: Expression, scope: Scope) -> Expression:
    """
    Return a value of JSON as a float64; any other expression is unchanged.

    Raises:
        ArgumentError: a row may lack it.
    """
    if not is_value(node, scope):
        return node
    require_there(subject, node, scope)
    return chained("*", node, FLOAT)


def with_numbers(node: N, scope: Scope) -> N:
    """
    Return an output, a sort key, a group key or a weight in which values of JSON are numbers where it computes with them.

    Raises:
        ArgumentError: a row may lack a value, or an element of a list is the output.
    """
    bare = node.expression if isinstance(node, (ast.Aliased, ast.Order)) else node
    if isinstance(node, ast.Aliased) and is_json_value(bare) and not _is_keyed_last(bare):
        rule, why = "takes no element of a list in JSON as an output", "the engine fails with an error"
        hint = "select the list, x=col('m')['l'], and take the element in Python; conditions can read it"
        raise ArgumentError("select", rule, _written(bare), hint, why=why)
    if not scope.json_values and not any(map(is_json_value, walk(node))):
        return node
    return rebuild(node, lambda part: _computed(part, scope), opaque=VerbatimExpression)


def _is_keyed_last(node: object) -> bool:
    """Tell whether the last subscript of a value of JSON is a key."""
    return isinstance(node, ast.Subscript) and isinstance(node.indices[-1], ast.String)


def _computed(node: Record, scope: Scope) -> Record:
    """Return arithmetic, or a function of numbers, over numbers; a pattern takes a value that every row has."""
    if isinstance(node, ast.Like) and is_value(node.operand, scope):
        require_there("like", node.operand, scope)
    rule = _NUMBERS.get(type(node))
    return node if rule is None else rule(node, scope)


def _chain(node: ast.Chain, scope: Scope) -> Expression:
    """Return arithmetic over numbers; a value that is already a float64 stays as it is."""
    first, second, *_ = node.operands
    if node.operators[0] == "*" and second == FLOAT and is_value(first, scope):
        require_there("*", first, scope)
        return node
    first, *rest = (as_number(node.operators[0], operand, scope) for operand in node.operands)
    for operator, operand in zip(node.operators, rest, strict=True):
        first = chained(operator, first, operand)
    return first


def _negative(node: ast.Negate, scope: Scope) -> Expression:
    """Return the negative of a number."""
    if not is_value(node.operand, scope):
        return node
    return chained("*", as_number("-", node.operand, scope), ast.Negate(FLOAT))


def _call(node: ast.Function, scope: Scope) -> Expression:
    """Return a function of numbers; the keys are those of a value that every row has."""
    name = node.name.lower()
    value = _with_keys(node, scope)
    if value is not None:
        require_there("fn.keys", value, scope)
    if name not in NUMERIC:
        return node
    return node.replace(arguments=tuple(as_number(f"fn.{name}", part, scope) for part in node.arguments))


_NUMBERS: dict[type, Callable[..., Expression]] = {ast.Chain: _chain, ast.Negate: _negative, ast.Function: _call}


def patterns(node: Expression, scope: Scope) -> tuple[Expression, Expression] | None:
    """
    Return a condition of WHERE as one that leaves out the rows that lack a value of a pattern or of keys, and one over the rest; None where no row lacks it.

    Raises:
        ArgumentError: OR or NOT is over a pattern or keys.
    """
    parts = node.operands if isinstance(node, ast.And) else (node,)
    apart = [part for part in parts if _lacking(part, scope)]
    if not apart:
        return None
    for part in apart:
        _require_plain(part, scope)
    values = dict.fromkeys(_lacking_values(ast.And(tuple(apart)), scope))
    others = (part for part in parts if part not in apart)
    return conjunction([*others, *(ast.IsNull(value, negated=True) for value in values)]), conjunction(apart)


def _require_plain(node: Expression, scope: Scope) -> None:
    """Require that a condition with a pattern is the pattern itself, and one with keys a test for one of them."""
    is_test = isinstance(node, ast.Function) and node.name.lower() in {"any", "contains"}
    if not (is_test or (isinstance(node, ast.Like) and not node.negated)):
        subject = "like" if any(isinstance(part, ast.Like) for part in walk(node)) else "fn.keys"
        require_there(subject, next(_lacking_values(node, scope)), scope)


def _lacking(node: Expression, scope: Scope) -> bool:
    """Tell whether a condition has a pattern, or the keys, of a value that a row may lack."""
    return next(_lacking_values(node, scope), None) is not None


def _lacking_values(node: Expression, scope: Scope) -> Iterator[Expression]:
    """Yield the values of JSON with a pattern or keys in a condition that a row may lack."""
    for part in walk(node):
        value = part.operand if isinstance(part, ast.Like) and is_json_value(part.operand) else _with_keys(part, scope)
        if value is not None and value not in scope.present:
            yield value


def _with_keys(node: object, scope: Scope) -> Expression | None:
    """Return the value of JSON of which a call returns the keys; None for any other node."""
    if not isinstance(node, ast.Function) or node.name.lower() != "keys" or not node.arguments:
        return None
    return node.arguments[0] if is_value(node.arguments[0], scope) else None


def _written(node: Record) -> str:
    """Return an expression as TQL."""
    from tql_grammar.printing.printer import to_tql

    return f"`{to_tql(node)}`"  # type: ignore[arg-type]  # a node

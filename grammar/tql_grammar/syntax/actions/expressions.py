"""Actions that build expressions."""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING, Any, TypeVar

from tql_grammar import ast
from tql_grammar.syntax.lalr import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tql_grammar.syntax.lalr import Action
    from tql_grammar.syntax.lexer import Token

T = TypeVar("T")

OPERATOR_LEVELS = ("+-", "*/%", "^", "||")
# The engine's stack holds about 2,030 terms of AND or tests with IS NOT NULL, 4,780 with IS NULL, and 10,860 subscripts or NOT LIKE after one another.
IS_NULL_WEIGHT, POSTFIX_WEIGHT = 1 / 2, 1 / 5
SPELT_TWICE = {"==": "=", "<>": "!="}
UNITS = ("seconds", "minutes", "hours", "days", "months", "years")
# The strings that C's sscanf accepts for "%4d-%2d-%2d", "%d" and "%d %7s".
DATE = re.compile(r"\s*(?:[+-]\d{1,3}|\d{1,4})-\s*(?:[+-]\d|\d{1,2})-\s*(?:[+-]\d|\d{1,2})", re.ASCII)
AMOUNT = re.compile(r"\s*([+-]?\d+)", re.ASCII)
AMOUNT_AND_UNIT = re.compile(r"\s*([+-]?\d+)\s*(\S{1,7})", re.ASCII)


# --- chains, which grow while the text is parsed ---------------------------------------------------------------------


def _depth(node: Any) -> float:  # noqa: ANN401 - any node
    """Return the number of operators through which the engine recurses from a node, in terms of AND."""
    return node.__dict__.get("_depth", 0) if isinstance(node, ast.Expression) else 0


def _growing(node: T, *parts: ast.Expression, weight: float = 1) -> T:
    """Return a chain that can grow in place, marked as one operator deeper than its parts; *weight* is the part of a term of AND that it needs of the engine's stack."""
    node.__dict__["_depth"] = weight + max(map(_depth, parts))
    return node


def _logic(kind: type[ast.And | ast.Or]) -> Action:
    """Return the action of AND or OR."""

    def action(left: ast.Expression, right: Any) -> ast.And | ast.Or:  # noqa: ANN401 - any expression
        members = right.operands if type(right) is kind else [right]
        if type(left) is not kind:
            return _growing(kind([left, *members]), left, right)  # type: ignore[arg-type]  # a list until it is frozen
        left.operands.extend(members)  # type: ignore[attr-defined]  # a list until it is frozen
        return _growing(left, left, right)

    return action


def _chain(left: Any, operator: Token, right: ast.Expression) -> ast.Chain:  # noqa: ANN401 - any expression
    """Return operators of one precedence as one chain."""
    sign = str(operator.value)
    level = next(level for level in OPERATOR_LEVELS if sign in level)
    if type(left) is not ast.Chain or left.operators[0] not in level:
        return _growing(ast.Chain([sign], [left, right]), left, right)  # type: ignore[arg-type]  # lists until it is frozen
    left.operators.append(sign)  # type: ignore[attr-defined]  # a list until it is frozen
    left.operands.append(right)  # type: ignore[attr-defined]  # a list until it is frozen
    return _growing(left, left, right)


def freeze_chains(open_chains: Iterable[ast.Expression]) -> float:
    """Freeze the chains that grew while a text was parsed; return the number of operators through which the engine recurses for the deepest one, in terms of AND."""
    deepest: float = 0
    for node in open_chains:
        state = node.__dict__
        deepest = max(deepest, state.pop("_depth", 0))
        state.update({name: tuple(value) for name, value in state.items() if type(value) is list})
    return deepest


# --- leaves ----------------------------------------------------------------------------------------------------------


def _vector(token: Token) -> ast.Vector:
    """Return an array of plain numbers."""
    return vector(token.value.numbers)  # type: ignore[attr-defined]  # the lexer gives a vector its numbers


def vector(numbers: list[float]) -> ast.Vector:
    """Return a vector with the numbers rounded as the engine does: parsed as float64, then stored as float32."""
    return ast.Vector(array("f", numbers).tobytes())


def _array(elements: list[ast.Expression]) -> ast.Array | ast.Vector:
    """Return an array, as a `Vector` if all elements are numbers."""
    numbers = [_element(element) for element in elements]
    known = [number for number in numbers if number is not None]
    return vector(known) if len(known) == len(elements) else ast.Array(tuple(elements))


def _element(node: ast.Expression) -> float | None:
    """Return the value of an element that is a number, else None; the integer ``-0`` is 0."""
    if isinstance(node, ast.Number):
        return node.value
    return -node.operand.value if isinstance(node, ast.Negate) and isinstance(node.operand, ast.Number) else None


def _number(token: Token) -> ast.Expression:
    """Return a number; the smallest integer is one token with its sign."""
    value: Any = token.value
    return ast.Negate(ast.Number(-value)) if value < 0 else ast.Number(value)


def _date(token: Token) -> ast.Date:
    """Return ``DATE '2020-01-31'``."""
    text = str(token.value)
    if not DATE.fullmatch(text):
        raise Malformed(token, "date")
    return ast.Date(text)


def _interval(amount: ast.Expression, unit: str) -> ast.Interval:
    """Return ``3 DAYS``."""
    return ast.Interval(int(_element(amount) or 0), unit)


def _interval_of(token: Token, unit: str) -> ast.Interval:
    """Return ``INTERVAL '3' DAYS``."""
    form = AMOUNT.fullmatch(str(token.value))
    if not form:
        raise Malformed(token, "interval")
    return ast.Interval(int(form[1]), unit)


def _interval_text(token: Token) -> ast.Interval:
    """Return ``INTERVAL '3 days'``."""
    form = AMOUNT_AND_UNIT.fullmatch(str(token.value))
    if not form:
        raise Malformed(token, "interval")
    unit = next((unit for unit in UNITS if form[2].lower() in (unit, unit[:-1])), None)
    if unit is None:
        raise Malformed(token, "interval unit")
    return ast.Interval(int(form[1]), unit)


def _type(*symbols: Token | str | None) -> str:
    """Return the name of a type in lower case."""
    words = [symbol if isinstance(symbol, str) else str(symbol.value) for symbol in symbols if symbol is not None]
    return " ".join("".join(words).lower().replace(",", ", ").split())


# --- operators and calls ---------------------------------------------------------------------------------------------


def _comparison(left: ast.Expression, operator: Token, right: ast.Expression) -> ast.Comparison:
    """Return a comparison."""
    sign = str(operator.value)
    return ast.Comparison(SPELT_TWICE.get(sign, sign), left, right)  # type: ignore[arg-type]  # the grammar has these six


def _function_of(name: Token, distinct: object, arguments: list[ast.Expression]) -> ast.Function:
    """Return a call with arguments."""
    return ast.Function(str(name.value), tuple(arguments), bool(distinct))


def _pair(*parts: Any) -> list[ast.Pair]:  # noqa: ANN401 - an optional list, then two expressions
    """Return pairs with one more."""
    *before, condition, weight = parts
    return [*(before[0] if before else []), ast.Pair(condition, weight)]


def _branch(*parts: Any) -> list[ast.When]:  # noqa: ANN401 - an optional list, then two expressions
    """Return branches with one more."""
    *before, condition, result = parts
    return [*(before[0] if before else []), ast.When(condition, result)]


def _case(
    branches: list[ast.When], otherwise: ast.Expression | None = None, subject: ast.Expression | None = None
) -> ast.Case:
    """Return CASE."""
    return ast.Case(tuple(branches), otherwise, subject)


def _computed_subscript(operand: ast.Expression, index: ast.Expression) -> ast.Subscript:
    """Return a subscript with a computed index; an integer or string here was in parentheses, which makes it a computation."""
    bare = isinstance(index, ast.String) or (isinstance(index, ast.Number) and type(index.value) is int)
    return _subscript(operand, [ast.Computed(index) if bare else index])


def _subscript(operand: ast.Expression, indices: list[ast.Expression]) -> ast.Subscript:
    """Return a subscript."""
    return _growing(ast.Subscript(operand, tuple(indices)), operand, weight=POSTFIX_WEIGHT)


def _is_null(operand: ast.Expression, *, negated: bool = False) -> ast.IsNull:
    """Return IS NULL or IS NOT NULL."""
    return _growing(ast.IsNull(operand, negated), operand, weight=1 if negated else IS_NULL_WEIGHT)


def _not_like(operand: ast.Expression, pattern: ast.Expression) -> ast.Like:
    """Return NOT LIKE, of which a chain is possible, as of no other comparison."""
    return _growing(ast.Like(operand, pattern, negated=True), operand, pattern, weight=POSTFIX_WEIGHT)


def _slice(*symbols: Any) -> ast.Slice:  # noqa: ANN401 - colons and numbers
    """Return a slice from its numbers and colons."""
    bounds: list[Any] = [None]
    for symbol in symbols:
        if isinstance(symbol, ast.Expression):
            bounds[-1] = symbol
        else:
            bounds.append(None)
    most = 3
    step = bounds[2] if len(bounds) == most else None
    return ast.Slice(bounds[0], bounds[1], step, len(bounds) == most and step is None)


def _aliased(expression: ast.Expression, alias: Token | None) -> ast.Expression:
    """Return an expression with its name, if it has one."""
    return expression if alias is None else ast.Aliased(expression, str(alias.value))


def _append(members: list[T], member: T) -> list[T]:
    """Return a list with one more."""
    members.append(member)
    return members


def _constant(value: object) -> Action:
    """Return an action that ignores its symbols and returns *value*."""
    return lambda *_symbols: value


ACTIONS: dict[str, Callable[..., object]] = {
    "first": lambda member: [member],
    "append": _append,
    "missing": _constant(None),
    "none": _constant(()),
    "present": _constant(value=True),
    "absent": _constant(value=False),
    "aliased": _aliased,
    "column": lambda name: ast.Column(name.value),
    "column_of": lambda table, name: ast.Column(name.value, table.value),
    "star": lambda _star: ast.Star(),
    "star_of": lambda table, _star: ast.Star(table.value),
    "number": _number,
    "string": lambda token: ast.String(token.value),
    "true": lambda: ast.Boolean(value=True),
    "false": lambda: ast.Boolean(value=False),
    "null": ast.Null,
    "parameter": ast.Parameter,
    "date": _date,
    "interval": _interval,
    "interval_of": _interval_of,
    "interval_text": _interval_text,
    **{unit: _constant(unit) for unit in UNITS},
    "type": _type,
    "vector": _vector,
    "array": _array,
    "and": _logic(ast.And),
    "or": _logic(ast.Or),
    "chain": _chain,
    "not": ast.Not,
    "negate": lambda _dash, operand: ast.Negate(operand),
    "comparison": _comparison,
    "like": ast.Like,
    "not_like": _not_like,
    "ilike": lambda operand, pattern: ast.Like(operand, pattern, case_insensitive=True),
    "in": lambda operand, members: ast.In(operand, tuple(members)),
    "not_in": lambda operand, members: ast.In(operand, tuple(members), negated=True),
    "in_query": ast.In,
    "not_in_query": lambda operand, query: ast.In(operand, query, negated=True),
    "between": ast.Between,
    "is_null": _is_null,
    "is_not_null": lambda operand: _is_null(operand, negated=True),
    "exists": ast.Exists,
    "not_exists": lambda query: ast.Exists(query, negated=True),
    "subquery": ast.Subquery,
    "function": lambda name: ast.Function(name.value),
    "function_of": _function_of,
    "first_pair": _pair,
    "next_pair": _pair,
    "first_branch": _branch,
    "next_branch": _branch,
    "simple_case": lambda subject, branches, otherwise=None: _case(branches, otherwise, subject),
    "searched_case": _case,
    "extract": ast.Extract,
    "cast": ast.Cast,
    "subscript": lambda operand, key: _subscript(operand, [key]),
    "subscripts": _subscript,
    "computed_subscript": _computed_subscript,
    "slice": _slice,
}

"""Rules about the keys of ORDER BY, GROUP BY and SAMPLE BY."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.functions import NUMERIC, REDUCTIONS
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.guards import compares, is_without_nan
from tql_grammar.lint.rules.nullable import is_filled
from tql_grammar.outputs import bare
from tql_grammar.schema import FLOATS, NOT_NUMERIC
from tql_grammar.typing.inference import infer
from tql_grammar.typing.scopes import expressions
from tql_grammar.walk import own_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.schema import Column
    from tql_grammar.typing.scopes import SelectScope

CLAUSES = frozenset({"ORDER BY", "GROUP BY", "SAMPLE BY"})
EFFECT_OF_JSON = {"ORDER BY": "ORDER BY does not sort", "GROUP BY": "this key of GROUP BY separates no groups"}


def _no_scalar(subject: Subject) -> Iterator[Finding]:
    """Yield keys that have several values in a row, or can be null."""
    for scope in subject.scopes:
        for clause, node in expressions(scope.select):
            key = bare(node)
            computed, below = subject.computed(key, scope) if clause in CLAUSES else (key, scope)
            found = infer(computed, below) if clause in CLAUSES else None
            refused = found is not None and not _is_key(computed, found, below, clause)
            if refused or (found is not None and _compares_null(computed, below, clause)):
                message = f"{clause} needs one value in each row, and this key is {found}: the engine fails with `Can't convert array to scalar in ORDER/SAMPLE/GROUP expressions.`"
                yield subject.finding(key, message, _one_value(subject, key, scope))


def _one_value(subject: Subject, key: ast.Node, scope: SelectScope) -> str:
    """Return the hint for a key that is not a single value: to filter null out of a number, or to reduce an array."""
    for part in own_parts(key):
        column = scope.column(part)
        if isinstance(part, ast.Column) and column is not None and column.nullable and column.is_single:
            x = subject.written(part)
            nan = f", and NaN with {x} = {x}" if column.dtype in FLOATS else ""
            return f"filter null out in a subquery: from (select * from .. where {x} is not null){nan}; the builder's order_by sorts null last"  # noqa: S608 - advice
    return "reduce it to one value: amax(..), l2_norm(..), or e[0] + 0"


def _json_key(subject: Subject) -> Iterator[Finding]:
    """Yield sort and group keys that are columns of JSON."""
    for scope in subject.scopes:
        for clause, node in expressions(scope.select):
            column = scope.column(bare(node)) if clause in EFFECT_OF_JSON else None
            if column is not None and column.dtype == "json":
                message = f"all values of JSON are equal as keys: {EFFECT_OF_JSON[clause]}"
                yield subject.finding(bare(node), message, "write a value of it: js['key']")


def _is_key(key: ast.Node, found: Column, scope: SelectScope, clause: str) -> bool:
    """Tell whether the engine can sort, group or sample by a value."""
    if isinstance(key, ast.Function) and key.name.lower() == "hamming_distance":
        return True
    if isinstance(key, ast.Subscript) and (column := _array_of(key, scope)) is not None:
        return scope.select.where is not None and _is_number_of(key, column)
    if found.is_text:
        return clause != "SAMPLE BY"
    if found.dtype == "json":
        return clause in EFFECT_OF_JSON
    return found.is_single and not _may_be_null(key, found, scope, clause) and found.dtype != "bytes"


def _array_of(key: ast.Subscript, scope: SelectScope) -> Column | None:
    """Return the type of the column that a subscript reads, or None for another operand."""
    return scope.column(key.operand) if isinstance(key.operand, ast.Column) else None


def _is_number_of(key: ast.Subscript, column: Column) -> bool:
    """Tell whether a subscript is one number of an array, by which the engine can sort the rows that WHERE of the same SELECT leaves."""
    sliced = any(isinstance(index, ast.Slice) for index in key.indices)
    known = column.dtype not in NOT_NUMERIC and column.kind in {"", "embedding"}
    return known and not sliced and len(key.indices) == len(column.shape)


def _compares_null(key: ast.Node, scope: SelectScope, clause: str) -> bool:
    """Tell whether a key is a comparison whose left side is a number that can be null."""
    if not isinstance(key, ast.Comparison):
        return False
    column = infer(key.left, scope)
    return column is not None and column.is_number and _may_be_null(key.left, column, scope, clause)


def _may_be_null(key: ast.Node, found: Column, scope: SelectScope, clause: str) -> bool:
    """Tell whether a key can be null in the rows that WHERE keeps."""
    columns = [part for part in own_parts(key) if isinstance(part, ast.Column)]
    nullable = [part for part in columns if (column := scope.column(part)) is not None and column.nullable]
    return found.nullable and not all(is_filled(part, scope, clause) for part in nullable)


def _float_key(subject: Subject) -> Iterator[Finding]:
    """Yield the sort and group keys that are columns of floats, or reductions of them, which may be NaN."""
    if any(_tests_nan(key) for scope in subject.scopes for key in scope.select.order_by):
        return
    for scope in subject.scopes:
        for clause, node in expressions(scope.select):
            key = bare(node)
            column = _float_of(key, scope) if clause in CLAUSES - {"SAMPLE BY"} else None
            if column is not None:
                message = f"`{subject.written(key)}` is {column.dtype}: if it contains NaN, ORDER BY does not sort and GROUP BY returns a single group"
                yield subject.finding(
                    key, message, "filter NaN out with where x = x; the builder's order_by sorts NaN last"
                )


def _tests_nan(key: ast.Node) -> bool:
    """Tell whether a sort key puts NaN last, as those of the builder do: `x != x`."""
    tests = (part for part in own_parts(key) if isinstance(part, ast.Comparison))
    return any(test.operator == "!=" and test.left == test.right for test in tests)


def _float_of(key: ast.Node, scope: SelectScope) -> Column | None:
    """Return the type of a key that is a float column, or a reduction of one, whose NaN no condition leaves out; None for any other key."""
    if isinstance(key, ast.Function) and key.name.lower() in NUMERIC & REDUCTIONS and len(key.arguments) == 1:
        key = key.arguments[0]
    column = scope.column(key)
    is_float = column is not None and column.dtype in FLOATS and column.is_single
    return column if is_float and isinstance(key, ast.Column) and not _leaves_nan_out(key, scope) else None


def _leaves_nan_out(column: ast.Column, scope: SelectScope) -> bool:
    """Tell whether WHERE, or a subquery of FROM, compares a column: NaN does not match."""
    where = scope.select.where
    compared = frozenset[ast.Expression]() if where is None or isinstance(where, ast.Or) else compares(where)
    return column in compared or is_without_nan(scope.select, column)


RULES = (
    Rule(
        code="TQL219",
        title="key that is not a single value",
        severity="error",
        explanation="ORDER BY, GROUP BY and SAMPLE BY need one value in each row; the engine rejects arrays, elements of arrays in a SELECT without WHERE, nullable numbers and comparisons of them, and JSON in SAMPLE BY. Reported only with a schema.",
        example="select id from D order by emb",
        find=_no_scalar,
        meant="select id from D order by l2_norm(emb)",
    ),
    Rule(
        code="TQL343",
        title="JSON as a sort or group key",
        severity="error",
        explanation="All values of a JSON column are equal as keys: ORDER BY does not sort, and GROUP BY makes one group of all rows. Reported only with a schema.",
        example="select id from D group by js",
        find=_json_key,
        meant="select id from D group by js['k']",
        needs_schema=True,
    ),
    Rule(
        code="TQL511",
        title="sort or group key that can be NaN",
        severity="info",
        explanation="If a float column contains NaN, ORDER BY by it or by `amax(x)` does not sort, and GROUP BY returns a single group of all rows. Reported only with a schema, with the severity info.",
        example="select sum(id) as s from N group by f",
        find=_float_key,
        meant="select sum(id) as s from (select id, f + 0 as g from N where f = f) group by g",
    ),
)

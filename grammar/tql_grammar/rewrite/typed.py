"""Expressions over columns of known types; an expression that no rule covers is unchanged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from tql_grammar import ast
from tql_grammar.engines import LIKE, lacks
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import OF_VECTORS
from tql_grammar.patterns import of_bytes
from tql_grammar.rewrite import nullable, remainder, width
from tql_grammar.rewrite.arguments import LISTS_OF_TEXTS, require_arguments
from tql_grammar.rewrite.comparison import between, comparison, ranges
from tql_grammar.rewrite.cosine import cosine
from tql_grammar.rewrite.elements import distributed, quantified_members, require_single
from tql_grammar.rewrite.given import VerbatimExpression
from tql_grammar.rewrite.json_present import with_numbers
from tql_grammar.rewrite.json_values import (
    of_same_type,
    quantified,
    require_comparable,
    require_inside,
    type_or_false,
    value_first,
)
from tql_grammar.rewrite.lengths import require_one_length
from tql_grammar.rewrite.logic import JOINS, conjunction, disjunction, negation
from tql_grammar.rewrite.membership import membership
from tql_grammar.rewrite.subscript import merged, subscript
from tql_grammar.rewrite.unindexed import past_indexes
from tql_grammar.rewrite.unmatched import require_elements, require_matched, require_present
from tql_grammar.schema import NOT_NUMERIC, TEXT_INDEXES, UNKNOWN_TYPE, did_you_mean
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope
    from tql_grammar.schema import Column

N = TypeVar("N", bound=ast.Node)


def legalize_value(node: N, scope: Scope) -> N:
    """Return an expression in its final form: rewritten by `legalize_parts`, guarded against nulls, and with raw expressions unwrapped."""
    return unwrap_verbatim(nullable.guarded(legalize_parts(node, scope), scope))


def legalize_output(node: N, scope: Scope) -> N:
    """Return an output, a sort key, a group key or a weight in its final form: as `legalize_value`, and JSON's null meets no comparison in it."""
    return unwrap_verbatim(type_or_false(nullable.guarded(with_numbers(legalize_parts(node, scope), scope), scope)))


def legalize_parts(node: N, scope: Scope) -> N:
    """
    Return an expression with every part rewritten to a form that the engine evaluates as written.

    Raises:
        ArgumentError: a part does not apply to the type of its column, or the engine cannot evaluate it.
    """
    given = distributed(quantified_members(merged(node)), scope)
    return rebuild(given, lambda part: _part(part, scope), opaque=VerbatimExpression)


def unwrap_verbatim(node: N) -> N:
    """Return an expression with its raw expressions unwrapped."""

    def unwrap(part: Record) -> Record:
        if isinstance(part, VerbatimExpression):
            return part.expression
        join = JOINS.get(type(part))
        return part if join is None else join(part.operands)  # type: ignore[attr-defined]  # AND and OR

    return rebuild(node, unwrap) if any(isinstance(part, VerbatimExpression) for part in walk(node)) else node


def legalize_condition(node: Expression, scope: Scope) -> Expression:
    """Return a condition of WHERE in its final form; a column alone must be a bool or a number."""
    require_truth(node, scope)
    found = legalize_parts(node, scope)
    require_single(found, scope)
    return nullable.filtering(past_indexes(of_same_type(found, scope), scope), scope)


def require_columns(
    subject: str, node: Record, scope: Scope, scores: Iterable[str] = (), outputs: Collection[str] = ()
) -> None:
    """Raise ArgumentError for a column that does not exist; *scores* are the names of the scores of the query, *outputs* those of the outputs of the select."""
    if scope.columns is None:
        return
    for part in walk(node):
        if isinstance(part, ast.Column) and part.table is None and part.name not in scope.columns:
            rule, why = "takes names of columns", "the source has no column of this name"
            hint = _other_score(subject, scores) if part.name == "score" else None
            hint = hint or _as_output(part.name, node, outputs) or _as_expression(part.name, scope)
            hint = hint or did_you_mean(part.name, scope.columns)
            raise ArgumentError(subject, rule, repr(part.name), hint, why=why)


def _other_score(subject: str, scores: Iterable[str]) -> str | None:
    """Return the hint for `score` where the query has no output of this name; None in another clause."""
    names = " and ".join(map(repr, scores))
    return f"the score of this query is named {names}" if names else _SCORE.get(subject)


def _as_output(name: str, node: Record, outputs: Collection[str]) -> str | None:
    """Return the hint for an output that another output of the same select reads; None for any other name."""
    if name not in outputs or (isinstance(node, ast.Aliased) and node.alias == name):
        return None
    return f"`{name}` is an output of the same select: write its expression again, or read it in a query over this one, select(..).from_(query)"


def _as_expression(name: str, scope: Scope) -> str | None:
    """Return the hint for an expression in the place of a name: a call, arithmetic, or a key of JSON behind a dot; None for a plain name."""
    if CALL.fullmatch(name):
        return "a name is that of a column; the functions are those of fn: select(n=fn.count())"
    if ARITHMETIC.fullmatch(name):
        return 'a name is that of a column; an expression is written with col: select(total=col("price") * 2)'
    return _json_key(name, scope)


def _json_key(name: str, scope: Scope) -> str | None:
    """Return the code to write in place of a name such as meta.lang, where meta is a column of JSON; None for another name."""
    first, *keys = name.split(".")
    column = scope.column(ast.Column(first)) if keys else None
    if column is None or column.dtype != "json":
        return None
    return f"a key of JSON is a subscript: col({first!r}){''.join(f'[{key!r}]' for key in keys)}"


CALL = re.compile(r"\w+\s*\(.*\)")
ARITHMETIC = re.compile(r"\w+\s*[-+*/%]\s*[\w.]+")
_SEARCH = "score is the result of a search: add .similarity(..), .bm25(..) or .hybrid(..)"
# The hints for `score` where the source has no such column, by clause.
_SCORE = {
    "order_by": _SEARCH,
    "where": _SEARCH,
    "select": 'a score is read by order_by and where of its query; to compute with it, use the query as the source: select(f=col("score") * 0.7).from_(query)',
}


def _part(part: Record, scope: Scope) -> Record:
    """Return one part."""
    rule = _RULES.get(type(part))
    return part if rule is None else rule(part, scope)


def require_truth(node: Expression, scope: Scope) -> None:
    """Raise ArgumentError for a column as a condition that the engine treats as false, or of which it reads only the first element."""
    column = scope.column(node)
    if column is not None and (not column.is_single or column.dtype in NOT_NUMERIC):
        why, hint = f"a column of {column} is no condition", "compare it, or use fn.any(..), fn.all(..)"
        raise ArgumentError("where", "takes a condition", repr(node.name), hint, why=why)  # type: ignore[attr-defined]  # a column


def _joined(join: Callable[..., Expression]) -> Callable[[ast.And | ast.Or, Scope], Expression]:
    """Return the rule of AND or OR."""

    def rule(node: ast.And | ast.Or, scope: Scope) -> Expression:
        for operand in node.operands:
            require_truth(operand, scope)
        return join(node.operands, scope)

    return rule


def _all_of(operands: Iterable[Expression], scope: Scope) -> Expression:
    """Return AND, with the two bounds of a range merged into one condition."""
    return conjunction(ranges(operands, scope))


def _any_of(operands: Iterable[Expression], _scope: Scope) -> Expression:
    """Return OR."""
    return disjunction(operands)


def _not(node: ast.Not, scope: Scope) -> Expression:
    """Return NOT."""
    require_truth(node.operand, scope)
    return negation(node.operand) if isinstance(node.operand, (ast.Boolean, ast.Not)) else node


def _comparison(node: ast.Comparison, scope: Scope) -> Expression:
    """Return a comparison."""
    ordered = value_first(node, scope)
    require_inside(ordered, ordered.left, scope)
    require_matched(node, node.left, scope)
    require_comparable(node)
    return value_first(comparison(node, scope), scope)


def _between(node: ast.Between, scope: Scope) -> Expression:
    """Return BETWEEN."""
    require_inside(node, node.operand, scope)
    require_matched(node, node.operand, scope)
    return between(node, scope)


def _in(node: ast.In, scope: Scope) -> Expression:
    """Return IN; only raw expressions have a subquery in it."""
    require_inside(node, node.operand, scope)
    require_matched(node, node.operand, scope)
    return node if isinstance(node.members, ast.Query) else membership(node, scope)


def is_null(node: ast.IsNull, scope: Scope) -> Expression:
    """Return IS NULL, or a constant for a column that is not nullable; JSON is null where a key is missing."""
    require_matched(node, node.operand, scope)
    absences = nullable.missing(node.operand, scope)
    if absences and not isinstance(node.operand, ast.Column):
        found = nullable.absent(absences)
        return negation(found) if node.negated else found
    column = scope.column(node.operand)
    never = column is not None and not column.nullable and column.dtype != "json"
    return ast.Boolean(node.negated) if never else node


def _like(node: ast.Like, scope: Scope) -> Expression:
    """Return LIKE, which takes text columns."""
    require_inside(node, node.operand, scope)
    column = scope.column(node.operand)
    if column is not None and not column.is_text:
        name = node.operand.name  # type: ignore[attr-defined]  # a column
        why = f"the column is {column}"
        raise ArgumentError("like", "takes a column of texts", repr(name), _no_pattern(name, column), why=why)
    _require_characters(node)
    return node


def _require_characters(node: ast.Like) -> None:
    """Raise ArgumentError for a pattern that matches characters where the engine's LIKE matches bytes."""
    part = of_bytes(node.pattern.value) if lacks(LIKE) and isinstance(node.pattern, ast.String) else ""
    if part:
        rule = "takes patterns of letters and runs of characters here, which `%` is"
        why = "before 4.5.10 the engine matches bytes, and most letters outside of ASCII have two or three"
        hint = "use startswith, endswith, contains or a pattern without `_`, or an engine from 4.5.10 on"
        raise ArgumentError("like", rule, f"one with `{part}`", hint, why=why)


def _no_pattern(name: str, column: Column) -> str:
    """Return the code to write in place of a pattern of a column that is no text."""
    if column.dtype == "json":
        return f'read a key of it: col({name!r})["key"].contains("a")'
    if column.is_single:
        return "compare it with ==, or with < and >"
    if column.dtype == "text":
        return LISTS_OF_TEXTS
    return f"look for one of its numbers: col({name!r}).contains(3)"


def _chain(node: ast.Chain, scope: Scope) -> Expression:
    """Return arithmetic on numbers, and on vectors of the same length."""
    columns = [found for found in map(scope.typed_column, node.operands) if found is not None]
    for column in columns:
        if column.dtype in NOT_NUMERIC and not column.inferred:
            rule, hint = "takes numbers and arrays", "use a column of numbers, or compute the value in Python"
            raise ArgumentError(
                node.operators[0], rule, f"a column of {column}", hint, why="the engine computes numbers only"
            )
    for operand in node.operands:
        if isinstance(operand, ast.Vector):
            for column in columns:
                require_length(node.operators[0], operand, column)
    require_present(node, scope)
    return remainder.chain(node, scope)


def require_length(subject: str, vector: ast.Vector, column: Column) -> None:
    """Raise ArgumentError for a vector of another length than the rows of a column."""
    length = column.shape[-1] if column.shape else None
    if length is not None and length != vector.size:
        rule, why = "takes a vector as long as the column's", f"the column is {column}"
        hint = "embed the query with the model of the column's embeddings"
        raise ArgumentError(subject, rule, f"{vector.size} elements", hint, why=why)


def _function(node: ast.Function, scope: Scope) -> Expression:
    """Return a call in its final form, after checking the types of its columns."""
    node = quantified(node if node.name != "asum" else node.replace(name="sum"))
    for argument in node.arguments:
        require_inside(node, argument, scope)
    column = scope.typed_column(node.arguments[0]) if node.arguments else None
    if column is not None and column.inferred:
        require_inferred_vectors(node, column)
    elif column is not None:
        require_kind(node, column)
    require_arguments(node, scope)
    require_one_length(node, scope)
    require_elements(node, scope)
    require_present(node, scope)
    if node.name.lower() == "cosine_similarity":
        return cosine(node, scope)
    return nullable.called(width.function(node, scope), scope)  # type: ignore[arg-type]  # a call


def drawn(node: ast.Aliased, _scope: Scope) -> Expression:
    """Return an output; the engine has memory that it never wrote where ``random()`` is the whole of it."""
    call = node.expression
    alone = isinstance(call, ast.Function) and call.name.lower() == "random"
    return node.replace(expression=ast.Function("abs", (call,))) if alone else node


def _subscript(node: ast.Subscript, scope: Scope) -> Expression:
    """Return a subscript."""
    require_elements(node, scope)
    require_present(node, scope)
    return subscript(node, scope)


def _negate(node: ast.Negate, scope: Scope) -> Expression:
    """Return the negative of a number."""
    return nullable.negative(node.operand) if nullable.missing(node.operand, scope) else width.negated(node, scope)


def require_kind(node: ast.Function, column: Column) -> None:
    """Raise ArgumentError for a call on a column of a type that it does not support."""
    name = node.name.lower()
    if name == "bm25_similarity" and not TEXT_INDEXES & set(column.indexes):
        rule = "takes a column of texts with a BM25 index"
        hint = "create the column with deeplake.types.Text(deeplake.types.BM25)"
        raise ArgumentError("bm25", rule, str(column), hint, why="the engine ranks words by that index only")
    if name == "bm25_similarity" and column.is_stale:
        rule = "takes a column whose index is current"
        why = "after an index of the dataset was built, rows were updated or deleted, or a few were appended: the engine finds updated rows by their old words, and ranks the others by wrong scores"
        hint = 'build the index again: data["column"].drop_index(deeplake.types.BM25), data.commit(), data["column"].create_index(deeplake.types.BM25), data.commit()'
        raise ArgumentError("bm25", rule, str(column), hint, why=why)
    if name in OF_VECTORS:
        require_vectors(name, node, column)
    if name == "contains" and column.is_text and column.is_indexed:
        why = "with an index the engine looks for whole words, and for the first one only"
        hint = "use col(..).contains(..), which takes every text literally"
        raise ArgumentError("fn.contains", "takes a column without index", str(column), hint, why=why)


def require_inferred_vectors(node: ast.Function, column: Column) -> None:
    """Raise ArgumentError for a similarity of an inferred column that is not a vector, or of another length; all else of it is unknown."""
    if node.name.lower() in OF_VECTORS and column.dtype != UNKNOWN_TYPE:
        require_vectors(node.name.lower(), node, column)


def require_vectors(name: str, node: ast.Function, column: Column) -> None:
    """Raise ArgumentError for a similarity of a column that is not a vector, or of vectors of different lengths."""
    if len(column.shape) != 1 or column.dtype in NOT_NUMERIC:
        is_matrix = len(column.shape) > 1
        why = "the engine divides by the length of the whole matrix" if is_matrix else "other columns have no vectors"
        raise ArgumentError(name, "takes a column of vectors", str(column), "use a column of embeddings", why=why)
    for argument in node.arguments[1:]:
        if isinstance(argument, ast.Vector):
            require_length(name, argument, column)


_RULES: dict[type, Callable[..., Record]] = {
    nullable.NullWith: nullable.null_with,
    ast.Comparison: _comparison,
    ast.In: _in,
    ast.Between: _between,
    ast.Like: _like,
    ast.IsNull: is_null,
    ast.And: _joined(_all_of),
    ast.Or: _joined(_any_of),
    ast.Not: _not,
    ast.Chain: _chain,
    ast.Negate: _negate,
    ast.Subscript: _subscript,
    ast.Function: _function,
    ast.Aliased: drawn,
}

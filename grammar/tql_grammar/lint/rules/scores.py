"""Rules about scores of rows: OFFSET with BM25, and cosines that the engine computes in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import bare
from tql_grammar.rewrite.cosine import NARROW, PAIR
from tql_grammar.schema import NOT_NUMERIC
from tql_grammar.typing.inference import infer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.typing.scopes import SelectScope


def _skipped_words(subject: Subject) -> Iterator[Finding]:
    """Yield BM25 as the key of a SELECT with LIMIT and OFFSET."""
    for scope in subject.scopes:
        limit, keys = scope.select.limit, scope.select.order_by
        call = bare(keys[0]) if keys else None
        if not isinstance(call, ast.Function) or call.name.lower() != "bm25_similarity":
            continue
        if limit is not None and limit.count is not None and limit.offset is not None:
            message = "the index finds as many rows as LIMIT says, and OFFSET skips some of these: fewer rows are returned, or none"
            hint = "search for the rows of both, and skip in an outer query: select * from (select .. order by .. limit 30) limit 10 offset 20"
            yield subject.finding(limit, message, hint)


def _without_zero(subject: Subject) -> Iterator[Finding]:
    """Yield cosines among the outputs that the engine computes in float64."""
    for place in subject.places(ast.Function):
        call = place.part
        if place.clause != "SELECT" or call.name.lower() != "cosine_similarity" or len(call.arguments) != PAIR:
            continue
        other = next((part for part in call.arguments if _is_wide(part, place.scope)), None)
        if other is not None:
            message = "if a vector is zero, its row has no value: all later rows have the cosines of others, and the last ones memory that was never written"
            written = subject.written(other)
            hint = f"leave zero vectors out in a subquery: select .. from (select * from .. where linf_norm({written}) > 0)"  # noqa: S608 - advice
            yield subject.finding(call, message, hint)


def _is_wide(node: ast.Expression, scope: SelectScope) -> bool:
    """Tell whether the engine computes with an array in float64: one of 32 bits and more, but for float32, or a computed one with a float."""
    column = None if isinstance(node, (ast.Vector, ast.Array)) else infer(node, scope)
    return column is not None and bool(column.shape) and column.dtype not in NARROW | NOT_NUMERIC


RULES = (
    Rule(
        code="TQL374",
        title="BM25 with OFFSET",
        severity="error",
        explanation="The index of words finds as many rows as LIMIT says, and OFFSET skips some of them: `limit 4 offset 2` returns two rows. Search for the rows of both, and skip in an outer query.",
        example="select id from X order by bm25_similarity(tb, 'apple') desc limit 3 offset 1",
        find=_skipped_words,
        meant="select * from (select id from X order by bm25_similarity(tb, 'apple') desc limit 4) limit 3 offset 1",
    ),
    Rule(
        code="TQL544",
        title="cosine of arrays that are not float32",
        severity="warning",
        explanation="Among the outputs, the engine computes the cosine of arrays of float64, and of integers of 32 and 64 bits, in float64, and leaves out the rows with a zero vector: all later rows have the values of others. That of embeddings and arrays of float32 is 0 for a zero vector. Reported only with a schema.",
        example="select id, cosine_similarity(f64, ARRAY[1, 0, 0, 0]) as x from K",
        find=_without_zero,
        meant="select id, cosine_similarity(f32, ARRAY[1, 0, 0, 0]) as x from K",
        needs_schema=True,
    ),
)

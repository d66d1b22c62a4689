"""Rules about conditions and sort keys for which the engine uses an index and fails, or returns wrong rows. All need a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.functions import INDEXED, QUANTIFIERS, REDUCTIONS, SEARCHES
from tql_grammar.lint.edits import followed, wrapped
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import bare
from tql_grammar.rewrite.comparison import number
from tql_grammar.walk import own_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.schema import Column
    from tql_grammar.typing.scopes import SelectScope

# The reductions to a number that the engine does not rank by an index.
REDUCED = REDUCTIONS - QUANTIFIERS - INDEXED.keys()


def _derived_rows(subject: Subject) -> Iterator[Finding]:
    """Yield conditions on indexed columns of subqueries and joins, whose rows are not those of the dataset."""
    for scope in subject.scopes:
        if not scope.changed or scope.select.where is None:
            continue
        for part in own_parts(scope.select.where):
            if isinstance(part, (ast.Comparison, ast.In, ast.Between)) and not isinstance(
                getattr(part, "left", None), (ast.Number, ast.String)
            ):
                operand = part.left if isinstance(part, ast.Comparison) else part.operand
                column = scope.column(operand)
                if column is not None and _uses_index(part, column):
                    message = "the engine evaluates this condition with the dataset's index, whose row numbers do not match the rows of the subquery: it returns wrong rows"
                    hint = "move the condition into the innermost SELECT, or write the literal first: 3 = x"
                    yield subject.finding(part, message, hint)


def _uses_index(part: ast.Node, column: Column) -> bool:
    """Tell whether the engine evaluates a condition with an index of the column."""
    if column.is_number:
        return "inverted" in column.indexes
    return "exact" in column.indexes and not isinstance(part, ast.Between)


def _empty_text(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of a text column that has an exact index with the empty string."""
    for scope, node in subject.parts(ast.Comparison):
        if isinstance(node, ast.Comparison) and node.right == ast.String("") and node.operator in {"=", "!="}:
            column = scope.column(node.left)
            if column is not None and column.is_text and "exact" in column.indexes:
                message = "the column has an exact text index, with which a comparison with the empty string returns wrong rows"
                yield subject.finding(node, message, "write the literal first: '' = x")


def _unequal(subject: Subject) -> Iterator[Finding]:
    """Yield ``!=`` on indexed numbers."""
    for scope, node in subject.parts(ast.Comparison):
        if isinstance(node, ast.Comparison) and node.operator == "!=" and number(node.right) is not None:
            column = scope.column(node.left)
            if column is not None and column.is_number and "inverted" in column.indexes:
                written = subject.written(node.left)
                message = "the column has an inverted index, with which != is false for every row"
                yield subject.finding(node, message, f"write NOT ({written} = ..)")


def _keys_with_limit(subject: Subject) -> Iterator[tuple[SelectScope, ast.Limit, ast.Order]]:
    """Yield the first ORDER BY key of each SELECT with LIMIT."""
    for scope in subject.scopes:
        if scope.select.limit is not None:
            yield from ((scope, scope.select.limit, key) for key in scope.select.order_by[:1])


def _ordered_index(subject: Subject) -> Iterator[Finding]:
    """Yield ORDER BY an indexed column in a SELECT with LIMIT."""
    for scope, limit, key in _keys_with_limit(subject):
        column = scope.column(bare(key))
        if column is not None and {"inverted", "exact"} & set(column.indexes) and column.is_number:
            message = "with LIMIT in the same SELECT the engine sorts by the column's index, and fails with `Can't eval null array`"
            hint = "put LIMIT in an outer query: select * from (select .. order by x) limit 10"
            yield subject.finding(key, message, hint, wrapped(subject.text, scope.select, limit))


def _reduced_key(subject: Subject) -> Iterator[Finding]:
    """Yield ORDER BY a reduction of an embedding in a SELECT with LIMIT."""
    for scope, _, key in _keys_with_limit(subject):
        call = key.expression
        if isinstance(call, ast.Function) and _reduces_embedding(call, scope):
            message = (
                "with LIMIT in the same SELECT the engine sorts by the index of the embedding, and rejects this key"
            )
            fix = followed(call, " + 0", ast.Chain(("+",), (call, ast.Number(0))))
            yield subject.finding(call, message, f"write {subject.written(call)} + 0", fix)


def _reduces_embedding(call: ast.Function, scope: SelectScope) -> bool:
    """Tell whether a call reduces an embedding, or two of them, to one number."""
    found = (scope.column(part) for part in own_parts(call))
    count = sum(column is not None and column.kind == "embedding" for column in found)
    name = call.name.lower()
    return (count > 0 and name in REDUCED) or (count > 1 and name in SEARCHES)


RULES = (
    Rule(
        "TQL238",
        "ORDER BY an indexed number with LIMIT",
        "error",
        "With LIMIT in the same SELECT, the engine sorts by the index of the column, and the query fails.",
        "select id from X order by num limit 3",
        _ordered_index,
        "select * from (select id from X order by num) limit 3",
        needs_schema=True,
    ),
    Rule(
        "TQL239",
        "reduced embedding as a sort key with LIMIT",
        "error",
        "With LIMIT in the same SELECT, the engine rejects these sort keys: SUM, PROD, AVG, AMIN, AMAX, L1_NORM and LINF_NORM of an embedding, and a similarity of two columns.",
        "select id from D order by sum(emb) limit 3",
        _reduced_key,
        "select id from D order by sum(emb) + 0 limit 3",
        needs_schema=True,
    ),
    Rule(
        "TQL317",
        "condition on an indexed column of a subquery",
        "error",
        "If a subquery or a join filters or reorders rows, the engine still evaluates the condition with the dataset's index: it returns rows that do not match, or garbage.",
        "select id from (select id, num from X where id > 9) where num = 20",
        _derived_rows,
        "select id from (select id, num from X where id > 9) where 20 = num",
        needs_schema=True,
    ),
    Rule(
        "TQL319",
        "!= on an indexed number",
        "error",
        "On a number with an inverted index, != is false for every row.",
        "select id from X where num != 3",
        _unequal,
        "select id from X where not (num = 3)",
        needs_schema=True,
    ),
    Rule(
        "TQL332",
        "indexed text compared with the empty string",
        "error",
        "On a column with an exact text index, `x = ''` is false for every row, also for empty texts.",
        "select id from F where te = ''",
        _empty_text,
        "select id from F where '' = te",
        needs_schema=True,
    ),
)

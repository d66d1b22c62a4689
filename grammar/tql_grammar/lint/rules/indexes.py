"""Rules about indexes: conditions and orders that the engine answers from one, and wrongly. All need a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.functions import SEARCHES
from tql_grammar.lint.edits import Edit, wrapped
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import bare
from tql_grammar.rewrite.comparison import number
from tql_grammar.walk import own_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.schema import Column
    from tql_grammar.typing.scopes import SelectScope

REDUCED = frozenset({"sum", "prod", "avg", "amin", "amax", "l1_norm", "linf_norm"})


def _moved(subject: Subject) -> Iterator[Finding]:
    """Yield conditions on indexed columns over rows that are not the dataset's any more."""
    for scope in subject.scopes:
        if not scope.changed or scope.select.where is None:
            continue
        for part in own_parts(scope.select.where):
            if isinstance(part, (ast.Comparison, ast.In, ast.Between)) and not isinstance(
                getattr(part, "left", None), (ast.Number, ast.String)
            ):
                operand = part.left if isinstance(part, ast.Comparison) else part.operand
                column = scope.column(operand)
                if column is not None and _index_moves(part, column):
                    message = "the rows are not those of the dataset any more, and the index of the column points to other ones"
                    hint = "write the condition in the innermost select, or the literal first: 3 = x"
                    yield subject.finding(part, message, hint)


def _index_moves(part: ast.Node, column: Column) -> bool:
    """Tell whether the engine answers a condition from an index of the column."""
    if column.is_number:
        return "inverted" in column.indexes
    return "exact" in column.indexes and not isinstance(part, ast.Between)


def _empty_text(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of an exactly indexed text with the empty one."""
    for scope, node in subject.parts(ast.Comparison):
        if isinstance(node, ast.Comparison) and node.right == ast.String("") and node.operator in {"=", "!="}:
            column = scope.column(node.left)
            if column is not None and column.is_text and "exact" in column.indexes:
                message = "with an exact index no text is the empty one: the engine's answer is not that of the rows"
                yield subject.finding(node, message, "write the text first: '' = x")


def _unequal(subject: Subject) -> Iterator[Finding]:
    """Yield ``!=`` on a number with an index."""
    for scope, node in subject.parts(ast.Comparison):
        if isinstance(node, ast.Comparison) and node.operator == "!=" and number(node.right) is not None:
            column = scope.column(node.left)
            if column is not None and column.is_number and "inverted" in column.indexes:
                written = subject.written(node.left)
                message = "with an index of numbers != is false for every row"
                yield subject.finding(node, message, f"write NOT ({written} = ..)")


def _key_beside_limit(subject: Subject) -> Iterator[tuple[SelectScope, ast.Limit, ast.Order]]:
    """Yield the first key of each order that has a LIMIT in the same SELECT."""
    for scope in subject.scopes:
        if scope.select.limit is not None:
            yield from ((scope, scope.select.limit, key) for key in scope.select.order_by[:1])


def _ordered_index(subject: Subject) -> Iterator[Finding]:
    """Yield ORDER BY an indexed column beside LIMIT."""
    for scope, limit, key in _key_beside_limit(subject):
        column = scope.column(bare(key))
        if column is not None and {"inverted", "exact"} & set(column.indexes) and column.is_number:
            message = "beside LIMIT the engine takes the order from the index: it answers `Can't eval null array`"
            hint = "write LIMIT one level out: select * from (select .. order by x) limit 10"
            yield subject.finding(key, message, hint, wrapped(subject.text, scope.select, limit))


def _reduced_key(subject: Subject) -> Iterator[Finding]:
    """Yield reductions of an embedding as the key of an order beside LIMIT."""
    for scope, _, key in _key_beside_limit(subject):
        call = key.expression
        if isinstance(call, ast.Function) and _reduces_embedding(call, scope):
            message = "beside LIMIT the engine takes the order from the index of the embedding: it refuses this key"
            edits = () if call.span is None else (Edit(call.span.end, call.span.end, " + 0"),)
            yield subject.finding(call, message, f"write {subject.written(call)} + 0", edits)


def _reduces_embedding(call: ast.Function, scope: SelectScope) -> bool:
    """Tell whether a call makes one number of an embedding, or of two."""
    found = (scope.column(part) for part in own_parts(call))
    count = sum(column is not None and column.kind == "embedding" for column in found)
    name = call.name.lower()
    return (count > 0 and name in REDUCED) or (count > 1 and name in SEARCHES)


RULES = (
    Rule(
        "TQL238",
        "ORDER BY an indexed number beside LIMIT",
        "error",
        "The engine takes the order from the index, and fails.",
        "select id from X order by num limit 3",
        _ordered_index,
        "select * from (select id from X order by num) limit 3",
        needs_schema=True,
    ),
    Rule(
        "TQL239",
        "reduced embedding as a key beside LIMIT",
        "error",
        "SUM, PROD, AVG, AMIN, AMAX, L1_NORM and LINF_NORM of an embedding, and a similarity of two columns, are refused as the key of an order with LIMIT.",
        "select id from D order by sum(emb) limit 3",
        _reduced_key,
        "select id from D order by sum(emb) + 0 limit 3",
        needs_schema=True,
    ),
    Rule(
        "TQL317",
        "condition on an indexed column over other rows",
        "error",
        "Over a sub-query that left rows out or moved them the engine still answers from the dataset's index: rows that do not meet the condition, or garbage.",
        "select id from (select id, num from X where id > 9) where num = 20",
        _moved,
        "select id from (select id, num from X where id > 9) where 20 = num",
        needs_schema=True,
    ),
    Rule(
        "TQL319",
        "!= on a number with an index",
        "error",
        "With an inverted index on a number != is false for every row.",
        "select id from X where num != 3",
        _unequal,
        "select id from X where not (num = 3)",
        needs_schema=True,
    ),
    Rule(
        "TQL332",
        "exactly indexed text compared with the empty one",
        "error",
        "With an exact index `x = ''` is false for every row, also where the text is empty.",
        "select id from F where te = ''",
        _empty_text,
        "select id from F where '' = te",
        needs_schema=True,
    ),
)

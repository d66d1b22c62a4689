"""The operations on single rows, in the forms that the engine computes right for the types of the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.compiler.legalize.cases import in_cases, undecided
from tql.compiler.legalize.shapes import apart
from tql.expressions.metrics import is_misranked
from tql.plan.nodes import Aggregate, Barrier, Filter, Limit, Project, Scan, Sort, Subquery
from tql.plan.positions import is_positional
from tql.plan.schema import bare, is_index_ordered, schema
from tql.plan.scores import is_ranked_by_index, is_search
from tql.plan.tree import operations
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.explain import reasons
from tql_grammar.functions import FLAT
from tql_grammar.outputs import output_name
from tql_grammar.rewrite.arithmetic import chained
from tql_grammar.rewrite.comparison import number
from tql_grammar.rewrite.elements import require_kept
from tql_grammar.rewrite.json_present import patterns
from tql_grammar.rewrite.json_values import require_selectable
from tql_grammar.rewrite.logic import conjunction
from tql_grammar.rewrite.nullable import require_present
from tql_grammar.rewrite.order import is_of_unknown_type, physical
from tql_grammar.rewrite.typed import legalize_condition, legalize_output, unwrap_verbatim
from tql_grammar.rewrite.unindexed import may_be_misread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tql.plan.nodes import Explode, Plan, Sample, Score, Union
    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope
    from tql_grammar.schema import Column


def filtered(node: Filter, rows: Plan) -> Plan:
    """Return the rows that meet a condition; one that is always true says nothing."""
    scope = schema(node.child)._replace(is_whole=_has_all_rows(node.child))
    apart = patterns(node.predicate, scope)
    if apart is not None:
        there, rest = apart
        test = unwrap_verbatim(legalize_condition(rest, scope._replace(is_whole=False)))
        return Filter(Barrier(filtered(Filter(node.child, there), rows), reasons.PATTERN), test)
    predicate = unwrap_verbatim(legalize_condition(node.predicate, scope))
    if predicate == ast.Boolean(value=True):
        return rows
    return Filter(rows, predicate, reasons.INDEXES if may_be_misread(predicate, scope) else "")


def _has_all_rows(plan: Plan) -> bool:
    """Tell whether the rows of an operation are all those of a dataset, in its order."""
    while isinstance(plan, (Project, Subquery)):
        plan = plan.child
    return isinstance(plan, Scan)


def selected(node: Project, rows: Plan) -> Plan:
    """Return a select list."""
    scope = schema(node.child)
    nullable = undecided(node)
    if nullable is not None:
        return in_cases(node, rows, nullable, selected)
    columns = tuple(legalize_output(column, scope) for column in node.columns)
    for column in columns:
        require_selectable("select", column)
        require_kept("select", bare(column), scope)
    if ast.Star() in columns and scope.columns is not None:
        _refuse_replaced(columns, scope.columns)
    return node.replace(child=rows, columns=columns)


def _refuse_replaced(outputs: Iterable[Expression], columns: Iterable[str]) -> None:
    """Reject an output next to ``*`` that the engine would silently return instead of a column."""
    for output in outputs:
        if isinstance(output, ast.Aliased) and output.alias in columns:
            rule, why = "takes other names than those of the columns that `*` selects", "the engine replaces the column"
            raise ArgumentError(
                "select", rule, repr(output.alias), "give it another name, by .as_(..) or as_=", why=why
            )


def taken_apart(node: Explode, rows: Plan) -> Plan:
    """Return the members of groups."""
    scope = schema(node.child)
    return node.replace(child=rows, columns=tuple(legalize_output(column, scope) for column in node.columns))


def concatenated(node: Union, *legs: Plan) -> Plan:
    """
    Return the rows of several queries, with class labels as numbers, and numbers of different types in the common one.

    The engine returns the class labels of the second query as lists, and all numbers in the type of the first query if the others have no rows.
    """
    common = schema(node)
    return node.replace(
        children=tuple(_of_types(child, rows, common) for child, rows in zip(node.children, legs, strict=True))
    )


def _of_types(node: Plan, rows: Plan, common: Scope) -> Plan:
    """Return a select list with the numbers of its class labels, and with numbers of the common types."""
    if not isinstance(rows, Project):
        return rows
    scope = schema(node)
    return rows.replace(columns=tuple(_of_type(column, scope, common) for column in rows.columns))


def _of_type(output: Expression, scope: Scope, common: Scope) -> Expression:
    """Return an output, the number of a class label, or a number in the common type."""
    name = output_name(output) or ""
    column, wide = scope.column(ast.Column(name)), common.column(ast.Column(name))
    if column is None and wide is not None and wide.nullable:
        column = scope.value(ast.Column(name))
    if column is None or not (column.is_label or _is_narrower(column, wide)):
        return output
    label, zero = bare(output), 0.0 if wide is not None and wide.dtype == "float64" else 0
    return ast.Aliased(ast.Chain(("+",), (label, ast.Number(zero))).with_origin(label), name)


def _is_narrower(column: Column, wide: Column | None) -> bool:
    """Tell whether the numbers of a column are of another type than the common one of 64 bits."""
    return wide is not None and wide.dtype in {"int64", "float64"} and column.dtype != wide.dtype and column.is_number


def drawn(node: Sample, rows: Plan) -> Plan:
    """
    Return rows drawn at random, of those with a weight above 0: the engine draws the others when these are used up, and never ends where there are no others.

    The engine computes the weights of rows that WHERE leaves out as well.
    """
    whole = node.child
    while isinstance(whole, Filter):
        whole = whole.child
    scope = schema(whole)
    weights = legalize_output(node.weights, scope)
    require_present("sample_by", weights, scope)
    constant = number(weights)
    if constant is not None and constant <= 0:
        rule, why = "takes weights above 0", "with no other weight the engine never ends"
        raise ArgumentError("sample_by", rule, str(constant), "draw every row alike: sample_by(raw('1'))", why=why)
    if constant is None and not is_positional(weights):
        above = legalize_condition(ast.Comparison(">", node.weights, ast.Number(0)), scope)
        rows = _filtered_more(rows, unwrap_verbatim(above))
    return node.replace(child=apart(rows, [weights]), weights=weights)


def _filtered_more(rows: Plan, predicate: Expression) -> Plan:
    """Return rows that meet one more condition, in the same WHERE."""
    if not isinstance(rows, Filter):
        return Filter(rows, predicate)
    return rows.replace(predicate=conjunction([rows.predicate, predicate]))


def ordered(node: Sort, rows: Plan) -> Plan:
    """Return the rows sorted by one key after the other, the least significant first: each key in the parts that a float32 holds."""
    scope = schema(node.child)
    below: int | None = None
    keys = [_of_every_row(legalize_output(key, scope), node.child) for key in node.keys]
    for sort in reversed(physical(keys, scope)):
        reason = reasons.DIGITS if sort.number == below else reasons.ONE_KEY
        is_score = sort.number is None or any(node.scores[sort.number : sort.number + 1])
        note = reasons.ROUNDED if not is_score and is_of_unknown_type(sort.key.expression, scope) else ""
        rows = Sort(apart(rows, [sort.key]), (sort.key,), reason=reason, caution=note)
        below = sort.number
    return rows


def _of_every_row(key: ast.Order, rows: Plan) -> ast.Order:
    """Return a ranking by relevance and diversity that reads no index where rows are left out, or were deleted: of fewer rows than its limit an index repeats the last one."""
    call = key.expression
    while isinstance(rows, Project):
        rows = rows.child
    if not isinstance(call, ast.Function) or call.name.lower() != "mmr_similarity":
        return key
    if isinstance(rows, Scan) and not _is_stale(rows):
        return key
    column, *others = call.arguments
    if not isinstance(column, ast.Column):
        return key
    return key.replace(expression=call.replace(arguments=(chained("*", column, ast.Number(1)), *others)))


# --- limits -----------------------------------------------------------------------------------------------------------


def cut(node: Limit, rows: Plan) -> Plan:
    """
    Return the first rows.

    Where an index of the engine would rank by guess, or fail, the order is made first, one level below.
    Where an index may find the rows, or a search has to be flat, LIMIT is in the SELECT of the order.
    The rows are limited once more outside, since OFFSET would take them from those that were found.
    """
    sort = _order_of(node.child)
    if sort is None:
        return node.replace(child=rows)
    if node.count is not None and (_may_be_found(sort) or any(map(_is_flat, sort.keys))):
        skip = node.offset
        if skip is None or skip.is_zero:
            return Limit(rows, node.count)
        return Limit(Limit(rows, ast.Number(node.count.value + skip.value)), node.count, skip)
    return node.replace(child=Barrier(rows, reasons.EXACT_ORDER) if _is_ranked_by_guess(node, sort) else rows)


def _order_of(plan: Plan) -> Sort | None:
    """Return the order of the rows that are cut."""
    while isinstance(plan, Project):
        plan = plan.child
    return plan if isinstance(plan, Sort) else None


def _is_flat(key: ast.Order) -> bool:
    """Tell whether a key has to be in the same SELECT as its LIMIT."""
    return isinstance(key.expression, ast.Function) and key.expression.name in FLAT


def _may_be_found(sort: Sort) -> bool:
    """
    Tell whether an index of the embeddings may answer: the one key is a similarity, the closest first, over a dataset.

    A second key would order the rows that the index found, and a query over another one may have lost or moved rows: those are exact, as is a search of a column whose index is stale.
    Of a dataset whose columns are not known LIMIT is in the same SELECT in any case.
    """
    if len(sort.keys) != 1:
        return False
    below = sort.child
    if isinstance(below, Project):
        if any(map(is_positional, below.columns)):
            return False
        below = below.child
    if isinstance(below, Filter):
        below = below.child
    if not isinstance(below, Scan) or _is_unknown(below) or _is_stale(below):
        return False
    return is_ranked_by_index(sort.keys[0], sort.scores[0])


def _is_stale(source: Scan) -> bool:
    """Tell whether an index of embeddings of a dataset is stale."""
    known = {} if source.schema is None else source.schema.as_dict()
    return any(column.is_stale and column.shape for column in known.values())


def _is_ranked_by_guess(node: Limit, sort: Sort) -> bool:
    """Tell whether the engine could take the order from an index that ranks by guess, or fails."""
    if isinstance(_filtered(sort.child), Aggregate):
        return False
    scope = schema(sort.child)
    guessed = any(is_index_ordered(key, scope) or is_misranked(key.expression) for key in sort.keys)
    if guessed or any(map(_is_exact, sort.scores)):
        return True
    searches = any(is_search(key.expression, score) for key, score in zip(sort.keys, sort.scores, strict=True))
    return node.offset is not None and searches and any(map(_is_unknown, operations(node)))


def _is_exact(score: Score | None) -> bool:
    """Tell whether a sort key is a score that no index may give."""
    return score is not None and score.exact


def _filtered(plan: Plan) -> Plan:
    """Return the rows of which some are left out."""
    return plan.child if isinstance(plan, Filter) else plan


def _is_unknown(part: Plan) -> bool:
    """Tell whether rows are from a dataset whose indexes are not known."""
    return isinstance(part, Scan) and (part.schema is None or part.schema.inferred)

"""Rules about set operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.edits import wrapped
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import bare, output_name
from tql_grammar.typing.scopes import selects
from tql_grammar.walk import has_last_clauses

if TYPE_CHECKING:
    from collections.abc import Iterator


def _operations(query: ast.Query) -> Iterator[ast.SetOperation]:
    """Yield the set operations that the engine runs."""
    if isinstance(query, ast.SetOperation):
        yield query
        for operand in query.operands:
            yield from _operations(operand)
    elif isinstance(query, ast.Select) and isinstance(query.source, ast.Derived):
        yield from _operations(query.source.query)


def _names(query: ast.Query) -> list[str | None] | None:
    """Return the names of an operand, or None where they are those of its source."""
    if not isinstance(query, ast.Select) or any(isinstance(bare(output), ast.Star) for output in query.columns):
        return None
    return [output_name(output) for output in query.columns]


def _columns(subject: Subject) -> Iterator[Finding]:
    """Yield operands with other columns than the first."""
    for operation in _operations(subject.tree):
        first = _names(operation.operands[0])
        for operand in operation.operands[1:]:
            other = _names(operand)
            if first is not None and other is not None and sorted(map(str, first)) != sorted(map(str, other)):
                message = f"the columns are {', '.join(map(str, first))} and {', '.join(map(str, other))}: the engine answers `Datasets can't be merged`"
                yield subject.finding(operand, message, "name the columns alike by AS")


def _independent(subject: Subject) -> Iterator[Finding]:
    """Yield INTERSECT and EXCEPT of anything but all columns of one dataset."""
    for operation in _operations(subject.tree):
        words = {operator.partition(" ")[0] for operator in operation.operators} & {"intersect", "except"}
        if words and not _of_one_dataset(operation):
            word = "intersection" if "intersect" in words else "difference"
            message = f"the engine answers `Can't compute {word} of two independent datasets.`"
            yield subject.finding(
                operation, message, "select * from one dataset in both, or write the conditions with AND and NOT"
            )


def _of_one_dataset(operation: ast.SetOperation) -> bool:
    """Tell whether all operands select everything of the same dataset."""
    sources = set()
    for operand in operation.operands:
        if isinstance(operand, ast.SetOperation):
            return _of_one_dataset(operand)
        if not isinstance(operand, ast.Select) or operand.columns != (ast.Star(),):
            return False
        source = operand.source
        if not isinstance(source, (ast.Table, type(None))):
            return False
        sources.add(None if source is None else source.name)
    return len(sources) == 1


def _last_clauses(subject: Subject) -> Iterator[Finding]:
    """Yield ORDER BY and LIMIT after a set operation."""
    for operation in _operations(subject.tree):
        if has_last_clauses(operation):
            node = operation.order_by[0] if operation.order_by else operation.limit or operation
            message = "ORDER BY, LIMIT and OFFSET after a set operation are ignored, or cut before they sort"
            hint = "write them around it: select * from ((..) union (..)) order by .. limit .."
            yield subject.finding(node, message, hint, wrapped(subject.text, operation, node))


def _ordered_operands(subject: Subject) -> Iterator[Finding]:
    """Yield sorted operands of set operations that the engine computes from row numbers."""
    for operation in _operations(subject.tree):
        for operand in operation.operands if _of_one_dataset(operation) else ():
            if isinstance(operand, ast.Select) and operand.order_by:
                message = "the engine merges lists of row numbers that have to be ascending: with an order it finds other rows"
                yield subject.finding(
                    operand.order_by[0], message, "order around the set operation, or write the condition with AND"
                )


def _is_restricted(query: ast.Query) -> bool:
    """Tell whether an operand is a part of its dataset's rows; then the engine has a list of row numbers for it."""
    return isinstance(query, ast.Select) and bool(query.where or query.order_by or query.limit or query.top)


def _of_parts(operation: ast.SetOperation, word: str) -> bool:
    """Tell whether an operation of this word joins `select *` of one dataset."""
    return word in operation.operators and _of_one_dataset(operation)


def _lost(subject: Subject) -> Iterator[Finding]:
    """Yield UNION ALL of rows of one dataset, whose duplicates go."""
    for operation in _operations(subject.tree):
        if _of_parts(operation, "union all") and sum(map(_is_restricted, operation.operands)) > 1:
            message = "both sides are rows of one dataset: a row that both have comes once, and in the dataset's order"
            yield subject.finding(
                operation, message, "mark the sides, (select *, 1 as side ..) union all (select *, 2 as side ..)"
            )


def _kept(subject: Subject) -> Iterator[Finding]:
    """Yield UNION with all rows of a dataset, whose duplicates stay."""
    for operation in _operations(subject.tree):
        if _of_parts(operation, "union") and not all(map(_is_restricted, operation.operands)):
            message = "one side is all rows of the dataset: those of the other side come twice"
            yield subject.finding(operation, message, "leave the other side out")


def _duplicates(subject: Subject) -> Iterator[Finding]:
    """Yield UNION of named columns, whose duplicates stay."""
    for operation in _operations(subject.tree):
        named = all(_names(operand) is not None for operand in operation.operands if isinstance(operand, ast.Select))
        if "union" in operation.operators and named and any(True for _ in selects(operation)):
            message = "the engine keeps rows that are alike: UNION of named columns is UNION ALL"
            yield subject.finding(
                operation, message, "group the union by its columns, or write UNION ALL where that is meant"
            )


RULES = (
    Rule(
        code="TQL229",
        title="set operation of different columns",
        severity="error",
        explanation="Both queries need the same columns by name; the engine refuses others.",
        example="(select id from D) union (select name from U)",
        find=_columns,
        meant="(select id from D) union all (select id from U)",
    ),
    Rule(
        code="TQL230",
        title="INTERSECT or EXCEPT of two datasets",
        severity="error",
        explanation="The engine computes INTERSECT and EXCEPT of row numbers: both sides have to be `select *` of the same dataset.",
        example="(select id from D) intersect (select id from D)",
        find=_independent,
        meant="(select * from D where id > 3) intersect (select * from D where id < 9)",
    ),
    Rule(
        code="TQL306",
        title="ORDER BY or LIMIT after a set operation",
        severity="error",
        explanation="After a set operation LIMIT and OFFSET are ignored for named columns; for `select *` LIMIT alone is ignored, and with ORDER BY it cuts before it sorts.",
        example="(select id from D) union all (select id from U) limit 3",
        find=_last_clauses,
        meant="select * from ((select id from D) union all (select id from U)) limit 3",
    ),
    Rule(
        code="TQL311",
        title="UNION of named columns",
        severity="error",
        explanation="Rows that are alike stay: UNION is UNION ALL where columns are named. For `select *` of one dataset it is a union of row numbers.",
        example="(select grp from D) union (select grp from D)",
        find=_duplicates,
        meant="select grp[0] as grp from ((select grp from D) union all (select grp from D)) group by grp",
    ),
    Rule(
        code="TQL333",
        title="set operation of sorted rows of one dataset",
        severity="error",
        explanation="For `select *` of one dataset the engine merges ascending row numbers; an operand with ORDER BY gives other rows.",
        example="select id from ((select * from D order by id desc limit 5) intersect (select * from D where id > 10))",
        find=_ordered_operands,
        meant="select id from ((select * from D where id > 14) intersect (select * from D where id > 10))",
    ),
    Rule(
        code="TQL337",
        title="UNION ALL of rows of one dataset",
        severity="error",
        explanation="Where both sides are `select *` of one dataset with a condition or a limit, the engine merges row numbers: UNION ALL is UNION.",
        example="select id from ((select * from D where id > 3) union all (select * from D where id < 6))",
        find=_lost,
        meant="select id from ((select *, 1 as side from D where id > 3) union all (select *, 2 as side from D where id < 6))",
    ),
    Rule(
        code="TQL338",
        title="UNION with all rows of a dataset",
        severity="error",
        explanation="Where one side is `select *` without a condition, the engine appends the other: UNION is UNION ALL.",
        example="select id from ((select * from D) union (select * from D where id < 6))",
        find=_kept,
        meant="select id from D",
    ),
)

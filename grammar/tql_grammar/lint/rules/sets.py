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
    """Return the output names of an operand, or None for `*`, whose names are those of its source."""
    if not isinstance(query, ast.Select) or any(isinstance(bare(output), ast.Star) for output in query.columns):
        return None
    return [output_name(output) for output in query.columns]


def _columns(subject: Subject) -> Iterator[Finding]:
    """Yield operands with other columns than the first operand."""
    for operation in _operations(subject.tree):
        first = _names(operation.operands[0])
        for operand in operation.operands[1:]:
            other = _names(operand)
            if first is not None and other is not None and sorted(map(str, first)) != sorted(map(str, other)):
                message = f"the queries have different columns, {', '.join(map(str, first))} and {', '.join(map(str, other))}: the engine fails with `Datasets can't be merged`"
                yield subject.finding(operand, message, "give the columns the same names with AS")


def _independent(subject: Subject) -> Iterator[Finding]:
    """Yield INTERSECT and EXCEPT whose operands are not `select *` from one dataset."""
    for operation in _operations(subject.tree):
        words = {operator.partition(" ")[0] for operator in operation.operators} & {"intersect", "except"}
        if words and not _of_one_dataset(operation):
            word = "intersection" if "intersect" in words else "difference"
            message = f"an operand has named columns, or reads another dataset: the engine fails with `Can't compute {word} of two independent datasets.`"
            yield subject.finding(
                operation,
                message,
                "write select * from the same dataset in all operands, or combine the conditions with AND and NOT",
            )


def _of_one_dataset(operation: ast.SetOperation) -> bool:
    """Tell whether all operands are `select *` from the same dataset."""
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
            message = (
                "after a set operation the engine ignores ORDER BY, LIMIT and OFFSET, or applies LIMIT before it sorts"
            )
            hint = "put them in an outer query: select * from ((..) union (..)) order by .. limit .."
            yield subject.finding(node, message, hint, wrapped(subject.text, operation, node))


def _ordered_operands(subject: Subject) -> Iterator[Finding]:
    """Yield sorted operands of set operations that the engine computes on row numbers."""
    for operation in _operations(subject.tree):
        for operand in operation.operands if _of_one_dataset(operation) else ():
            if isinstance(operand, ast.Select) and operand.order_by:
                message = (
                    "the engine merges lists of ascending row numbers, and with a sorted operand it returns wrong rows"
                )
                yield subject.finding(
                    operand.order_by[0],
                    message,
                    "sort the set operation in an outer query, or combine the conditions with AND",
                )


def _is_restricted(query: ast.Query) -> bool:
    """Tell whether an operand may be a part of its dataset's rows: the engine then computes a list of row numbers for it."""
    return isinstance(query, ast.Select) and bool(query.where or query.order_by or query.limit or query.top)


def _combines_one_dataset(operation: ast.SetOperation, word: str) -> bool:
    """Tell whether a set operation has this operator, and operands that are `select *` from one dataset."""
    return word in operation.operators and _of_one_dataset(operation)


def _lost(subject: Subject) -> Iterator[Finding]:
    """Yield UNION ALL of rows of one dataset, from which the engine removes duplicates."""
    for operation in _operations(subject.tree):
        if _combines_one_dataset(operation, "union all") and sum(map(_is_restricted, operation.operands)) > 1:
            message = "both operands are rows of one dataset: a row that both contain is returned once, and in the order of the dataset"
            yield subject.finding(
                operation,
                message,
                "add a column that distinguishes the operands: (select *, 1 as side ..) union all (select *, 2 as side ..)",
            )


def _kept(subject: Subject) -> Iterator[Finding]:
    """Yield UNION with all rows of a dataset, in which the engine keeps duplicates."""
    for operation in _operations(subject.tree):
        if _combines_one_dataset(operation, "union") and not all(map(_is_restricted, operation.operands)):
            message = "one operand is all rows of the dataset: the rows of the other operand are returned twice"
            yield subject.finding(operation, message, "remove the other operand")


def _duplicates(subject: Subject) -> Iterator[Finding]:
    """Yield UNION of named columns, in which the engine keeps duplicates."""
    for operation in _operations(subject.tree):
        named = all(_names(operand) is not None for operand in operation.operands if isinstance(operand, ast.Select))
        if "union" in operation.operators and named and any(True for _ in selects(operation)):
            message = "the engine keeps duplicate rows: UNION of named columns is UNION ALL"
            yield subject.finding(
                operation, message, "group the union by its columns, or write UNION ALL if duplicates are intended"
            )


RULES = (
    Rule(
        code="TQL229",
        title="set operation of queries with different columns",
        severity="error",
        explanation="The queries of a set operation need columns of the same names; the engine rejects others.",
        example="(select id from D) union (select name from U)",
        find=_columns,
        meant="(select id from D) union all (select id from U)",
    ),
    Rule(
        code="TQL230",
        title="INTERSECT or EXCEPT of anything but one dataset",
        severity="error",
        explanation="The engine computes INTERSECT and EXCEPT on row numbers, so all operands must be `select *` from the same dataset.",
        example="(select id from D) intersect (select id from D)",
        find=_independent,
        meant="(select * from D where id > 3) intersect (select * from D where id < 9)",
    ),
    Rule(
        code="TQL306",
        title="ORDER BY or LIMIT after a set operation",
        severity="error",
        explanation="After a set operation of named columns, the engine ignores LIMIT and OFFSET. After a set operation of `select *`, it ignores LIMIT without ORDER BY, and applies LIMIT before it sorts.",
        example="(select id from D) union all (select id from U) limit 3",
        find=_last_clauses,
        meant="select * from ((select id from D) union all (select id from U)) limit 3",
    ),
    Rule(
        code="TQL311",
        title="UNION of named columns",
        severity="error",
        explanation="UNION of named columns keeps duplicate rows: it is UNION ALL. UNION of `select *` from one dataset is a union of row numbers.",
        example="(select grp from D) union (select grp from D)",
        find=_duplicates,
        meant="select grp[0] as grp from ((select grp from D) union all (select grp from D)) group by grp",
    ),
    Rule(
        code="TQL333",
        title="set operation of sorted rows of one dataset",
        severity="error",
        explanation="For operands that are `select *` from one dataset, the engine merges ascending row numbers; an operand with ORDER BY leads to wrong rows.",
        example="select id from ((select * from D order by id desc limit 5) intersect (select * from D where id > 10))",
        find=_ordered_operands,
        meant="select id from ((select * from D where id > 14) intersect (select * from D where id > 10))",
    ),
    Rule(
        code="TQL337",
        title="UNION ALL of rows of one dataset",
        severity="error",
        explanation="If both operands are `select *` from one dataset with a condition or a limit, the engine merges row numbers, and UNION ALL removes duplicates.",
        example="select id from ((select * from D where id > 3) union all (select * from D where id < 6))",
        find=_lost,
        meant="select id from ((select *, 1 as side from D where id > 3) union all (select *, 2 as side from D where id < 6))",
    ),
    Rule(
        code="TQL338",
        title="UNION with all rows of a dataset",
        severity="error",
        explanation="If one operand is `select *` without a condition, the engine appends the other operand, and UNION keeps duplicates.",
        example="select id from ((select * from D) union (select * from D where id < 6))",
        find=_kept,
        meant="select id from D",
    ),
)

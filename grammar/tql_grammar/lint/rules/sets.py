"""Rules about set operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tql_grammar import ast
from tql_grammar.lint.edits import wrapped
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.indexes import of_dataset
from tql_grammar.lint.rules.nullable import is_filled
from tql_grammar.outputs import bare, output_name
from tql_grammar.typing.inference import infer, promoted
from tql_grammar.walk import has_last_clauses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.schema import Column
    from tql_grammar.typing.scopes import SelectScope


def _operations(query: ast.Query) -> Iterator[ast.SetOperation]:
    """Yield the set operations that the engine runs."""
    if isinstance(query, ast.SetOperation):
        yield query
        for operand in query.operands:
            yield from _operations(operand)
    elif isinstance(query, ast.Select) and isinstance(query.source, ast.Derived):
        yield from _operations(query.source.query)


def _names(query: ast.Query, subject: Subject) -> list[str | None] | None:
    """Return the output names of an operand, or None for `*` of a source whose columns are unknown."""
    columns = _output_types(query, subject)
    return None if columns is None else list(columns)


class Output(NamedTuple):
    """
    An output of a query.

    Attributes:
        plain: whether it is a column.
        column: its type, nullable where the column of the dataset is.
        filled: whether the query filters null out.
    """

    plain: bool
    column: Column
    filled: bool

    @property
    def may_be_null(self) -> bool:
        """Whether a row may have null."""
        return self.column.nullable and not self.filled


def _output_types(query: ast.Query, subject: Subject) -> dict[str | None, Output | None] | None:
    """Return the outputs of an operand by name, None for one of unknown type; None if not even the names are known."""
    scope = next((scope for scope in subject.scopes if scope.select is query), None)
    if scope is None:
        return None
    found: dict[str | None, Output | None] = {}
    for output in scope.select.columns:
        if not isinstance(bare(output), ast.Star):
            found[output_name(output)] = _output(bare(output), scope, subject)
        elif scope.columns is None:
            return None
        else:
            found.update((name, _output(ast.Column(name), scope, subject)) for name in scope.columns)
    return found


def _output(node: ast.Node, scope: SelectScope, subject: Subject) -> Output | None:
    """Return an output, or None if its type is unknown, as in a grouped query."""
    column = None if scope.select.group_by else infer(node, scope)
    if column is None or not isinstance(node, ast.Column):
        return None if column is None else Output(plain=False, column=column, filled=False)
    filled = is_filled(node, scope, "SELECT") or not column.nullable
    return Output(plain=True, column=of_dataset(subject, scope, node) or column, filled=filled)


def _pairs(subject: Subject) -> Iterator[tuple[ast.Query, str | None, Output, Output]]:
    """Yield the outputs of the same name, of known types, of the first and of another operand."""
    for operation in _operations(subject.tree):
        first = _output_types(operation.operands[0], subject) or {}
        for operand in operation.operands[1:]:
            for name, output in (_output_types(operand, subject) or {}).items():
                other = first.get(name)
                if other is not None and output is not None:
                    yield operand, name, other, output


def _kind_of(column: Column) -> str:
    """Return the kind of a column, of which the engine combines only equal ones."""
    if column.is_text or column.dtype == "json":
        return column.dtype
    return "class label" if column.is_label else "number"


def _unlike(subject: Subject) -> Iterator[Finding]:
    """Yield operands that have text, JSON or a class label where the first operand has another type."""
    for operand, name, one, two in _pairs(subject):
        if _kind_of(one.column) != _kind_of(two.column):
            message = f"`{name}` is {one.column} in the first query and {two.column} here: the engine fails with `Columns with name '{name}' can't be merged`"
            yield subject.finding(operand, message, "select columns of one type, or give them different names")


def _shifted(subject: Subject) -> Iterator[Finding]:
    """Yield operands with a number for which the engine converts a nullable number to another type."""
    for operand, name, one, two in _pairs(subject):
        columns = all(output.plain and output.column.is_number for output in (one, two))
        if columns and _loses_null(one, two):
            message = f"`{name}` is {one.column} in the first query and {two.column} here: the engine loses the nulls, and shows values of other rows"
            yield subject.finding(
                operand, message, "filter null out in both queries: where x is not null, or select columns of one type"
            )


def _loses_null(one: Output, two: Output) -> bool:
    """Tell whether the engine loses the nulls of a number: it converts the column that has them to the type of the other one."""
    common = promoted(one.column.dtype, two.column.dtype)
    return any(output.may_be_null and output.column.dtype != common for output in (one, two))


def _columns(subject: Subject) -> Iterator[Finding]:
    """Yield operands with other columns than the first operand."""
    for operation in _operations(subject.tree):
        first = _names(operation.operands[0], subject)
        for operand in operation.operands[1:]:
            other = _names(operand, subject)
            if first is not None and other is not None and sorted(map(str, first)) != sorted(map(str, other)):
                message = f"the queries have different columns, {', '.join(map(str, first))} and {', '.join(map(str, other))}: the engine fails with `Datasets can't be merged`"
                yield subject.finding(operand, message, "give the columns the same names with AS")


def _independent(subject: Subject) -> Iterator[Finding]:
    """Yield INTERSECT and EXCEPT whose operands are not `select *` from one dataset."""
    for operation in _operations(subject.tree):
        words = {operator.partition(" ")[0] for operator in operation.operators} & {"intersect", "except"}
        if words and not (_of_one_dataset(operation) and all(map(_is_part, operation.operands))):
            word = "intersection" if "intersect" in words else "difference"
            message = f"an operand has named columns, reads another dataset, or is all of its rows: the engine fails with `Can't compute {word} of two independent datasets.`"
            yield subject.finding(
                operation,
                message,
                "write select * from the same dataset with WHERE or LIMIT in all operands, or combine the conditions with AND and NOT",
            )


def _reordered(subject: Subject) -> Iterator[Finding]:
    """Yield operands that have the columns of the first operand in another order."""
    for operation in _operations(subject.tree):
        first = _names(operation.operands[0], subject)
        for operand in operation.operands[1:]:
            other = _names(operand, subject)
            if (
                first is not None
                and other is not None
                and first != other
                and sorted(map(str, first)) == sorted(map(str, other))
            ):
                message = "the columns are in another order than in the first query: the engine combines columns of the same name, and not of the same place"
                yield subject.finding(operand, message, "write the columns of all queries in one order")


def _without_rows(subject: Subject) -> Iterator[Finding]:
    """Yield INTERSECT and EXCEPT that the engine computes only if each operand has rows."""
    for operation in _operations(subject.tree):
        words = {operator.partition(" ")[0] for operator in operation.operators} & {"intersect", "except"}
        if words and _of_one_dataset(operation):
            message = "if no row of an operand matches its condition, or all do, the engine fails with `Can't compute .. of two independent datasets.`"
            yield subject.finding(operation, message, "combine the conditions with AND and NOT")


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


def _is_part(query: ast.Query) -> bool:
    """Tell whether an operand of INTERSECT or EXCEPT is a set operation, or may be a part of its dataset's rows."""
    return isinstance(query, ast.SetOperation) or _is_restricted(query)


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
    """Yield UNION of anything but `select *` from one dataset, in which the engine keeps duplicates."""
    for operation in _operations(subject.tree):
        if "union" in operation.operators and not _of_one_dataset(operation):
            message = "the engine keeps duplicate rows: UNION of named columns, and of two datasets, is UNION ALL"
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
        explanation="The engine computes INTERSECT and EXCEPT on row numbers, so all operands must be `select *` from the same dataset, with a condition, an order or a limit.",
        example="(select id from D) intersect (select id from D)",
        find=_independent,
        meant="(select * from D where id > 3) intersect (select * from D where id < 9)",
    ),
    Rule(
        code="TQL255",
        title="set operation of text or JSON with another type",
        severity="error",
        explanation="Columns of one name in the queries of a set operation must all be text, all JSON, or all numbers or arrays. Reported only with a schema.",
        example="(select id as a from D) union all (select name as a from U)",
        find=_unlike,
        meant="(select text as a from D) union all (select name as a from U)",
        needs_schema=True,
    ),
    Rule(
        code="TQL356",
        title="set operation of a nullable number with a wider type",
        severity="error",
        explanation="A set operation converts numbers of different types to a common one. A nullable number that is converted loses its nulls, and the later values move up. Reported only with a schema.",
        example="(select f64 as a from D) union all (select nul as a from D)",
        find=_shifted,
        meant="(select f64 as a from D) union all (select nul as a from D where nul is not null)",
        needs_schema=True,
    ),
    Rule(
        code="TQL357",
        title="set operation of columns in another order",
        severity="error",
        explanation="A set operation combines the columns of the same name, wherever they are. SQL combines those of the same place.",
        example="(select id, grp from D) union all (select grp, id from D)",
        find=_reordered,
        meant="(select id, grp from D) union all (select grp as id, id as grp from D)",
    ),
    Rule(
        code="TQL527",
        title="INTERSECT or EXCEPT of operands that may have no rows",
        severity="info",
        explanation="The engine rejects INTERSECT and EXCEPT if an operand has no rows, or all rows of the dataset. Reported only with the severity info.",
        example="(select * from D where id > 3) intersect (select * from D where id > 99)",
        find=_without_rows,
        meant="select * from D where id > 3 and id > 99",
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
        title="UNION of named columns, or of two datasets",
        severity="error",
        explanation="UNION of named columns, and of `select *` from two datasets, keeps duplicate rows: it is UNION ALL. UNION of `select *` from one dataset is a union of row numbers.",
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

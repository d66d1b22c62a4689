"""Rules about several sources: joins, and rows put side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.schema import FLOATS, did_you_mean
from tql_grammar.walk import own_parts, subselect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.typing.scopes import SelectScope


def _joins(subject: Subject) -> Iterator[tuple[SelectScope, ast.Join]]:
    """Yield the joins of a text."""
    for scope in subject.scopes:
        if isinstance(scope.select.source, ast.Join):
            yield scope, scope.select.source


def _kind(subject: Subject) -> Iterator[Finding]:
    """Yield joins that the engine has not."""
    for _, join in _joins(subject):
        if join.kind == "natural":
            yield subject.finding(
                join, "the engine answers `NATURAL JOIN is not supported.`", "write JOIN .. ON a.id = b.id"
            )
        if isinstance(join.left, ast.Join) or isinstance(join.right, ast.Join):
            yield subject.finding(
                join,
                "the engine cannot join a third source: `JOIN columns .. are missing in the dataset.`",
                "nest the first join: from (select .. from a join b on ..) as c join ..",
            )


def _condition(subject: Subject) -> Iterator[Finding]:
    """Yield conditions of joins that are no equality of two columns."""
    for _, join in _joins(subject):
        test = join.on
        if test is None or join.kind == "cross":
            continue
        if not isinstance(test, ast.Comparison) or test.operator != "=":
            yield subject.finding(
                test,
                "the engine answers `Only equality comparison is supported in join ON condition.`",
                "join by one equality, and write the rest in WHERE of a query around it",
            )
        elif not isinstance(test.left, ast.Column) or not isinstance(test.right, ast.Column):
            yield subject.finding(
                test, "the engine answers `Only equality comparison between columns is supported in join ON condition.`"
            )
        elif not all(_alias(side) for side in (join.left, join.right)):
            message = f"the engine answers `Could not find column {test.left.name} in joining datasets.`"
            yield subject.finding(test, message, 'give both sources an alias: ".." as a join ".." as b on a.id = b.id')


def _alias(source: ast.Source) -> str | None:
    """Return the alias of a source."""
    return source.alias if isinstance(source, (ast.Table, ast.Derived)) else None


def _joined_columns(subject: Subject) -> Iterator[Finding]:
    """Yield the columns of a condition that their source has not, or that no equality can hold for."""
    for scope, join in _joins(subject):
        if join.on is None:
            continue
        columns = [part for part in own_parts(join.on) if isinstance(part, ast.Column)]
        for column in columns:
            missing = _missing(column, scope)
            if missing is not None:
                yield subject.finding(column, *missing)
        if _are_of_two_kinds(columns, scope):
            yield subject.finding(join.on, "the engine answers `Can't join text tensor with non-text tensor.`")


def _are_of_two_kinds(columns: list[ast.Column], scope: SelectScope) -> bool:
    """Tell whether one of two columns is known to be a text, and the other one to be none."""
    kinds = [found.is_text for column in columns if (found := scope.column(column)) is not None]
    return len(kinds) == len(("left", "right")) and kinds[0] != kinds[1]


def _missing(column: ast.Column, scope: SelectScope) -> tuple[str, str] | None:
    """Return the message and the hint for a column whose source is not there, or has no such column; None where it may be there."""
    if column.table is not None and column.table not in scope.aliases:
        message = f"the engine answers `Dataset alias {column.table} in expression .. is not found.`"
        return message, f"the aliases are {', '.join(scope.aliases)}"
    known = scope.aliases.get(column.table or "")
    if known is None or column.name in known:
        return None
    message = f"the engine answers `JOIN column {column.name} is missing in the dataset {column.table}.`"
    return message, did_you_mean(column.name, known)


def _left(subject: Subject) -> Iterator[Finding]:
    """Yield left and full joins, whose rows may not be readable."""
    for _, join in _joins(subject):
        if join.kind in {"left", "full"}:
            message = "where a row matches nothing and the other source has more rows, reading it fails: `IndexError: Index .. is out of range`"
            yield subject.finding(join, message, "write JOIN where every row has a match, or read both sources")


def _shared_names(subject: Subject) -> Iterator[Finding]:
    """Yield conditions beside a join on names that both sides have."""
    for scope, _ in _joins(subject):
        for part in () if scope.select.where is None else own_parts(scope.select.where):
            if isinstance(part, ast.Column) and part.table is not None and part.name in scope.ambiguous:
                message = f"both sources have a column `{part.name}`, and a condition beside the join reads one of them for both"
                hint = "name the columns in a sub-query: select * from (select a.id as x, b.id as y from .. join ..) where .."
                yield subject.finding(part, message, hint)


def _side_by_side(subject: Subject) -> Iterator[Finding]:
    """Yield FROM with a comma."""
    for scope in subject.scopes:
        if isinstance(scope.select.source, ast.Zip):
            message = "the engine puts the rows side by side by their number: it is no cross product, and no join"
            yield subject.finding(scope.select.source, message, 'write ".." as a join ".." as b on a.id = b.id')


def _floats(subject: Subject) -> Iterator[Finding]:
    """Yield joins by columns of floats, of which one may be NaN."""
    for scope, join in _joins(subject):
        test = join.on
        for side in (test.left, test.right) if isinstance(test, ast.Comparison) else ():
            column = scope.column(side)
            source = next(
                (part for part in (join.left, join.right) if _alias(part) == getattr(side, "table", "")), None
            )
            if column is not None and column.dtype in FLOATS and not _leaves_nan_out(source, side):
                message = "where this column holds a NaN the join loses rows, and where both do it never ends"
                name = subject.written(side)
                hint = "leave NaN out on both sides: join (select * from .. where x = x) as b"
                yield subject.finding(side, f"`{name}` is {column.dtype}: {message}", hint)


def _leaves_nan_out(source: ast.Source | None, column: ast.Expression) -> bool:
    """Tell whether a sub-query keeps only the rows in which a column equals itself."""
    query = subselect(source)
    if query is None or not isinstance(column, ast.Column):
        return False
    same = ast.Comparison("=", ast.Column(column.name), ast.Column(column.name))
    return query.where == same or (isinstance(query.where, ast.And) and same in query.where.operands)


RULES = (
    Rule(
        code="TQL226",
        title="join that the engine does not have",
        severity="error",
        explanation="NATURAL JOIN is refused, and so is a third source.",
        example="select name from D natural join U",
        find=_kind,
        meant="select b.name as name from D as a join U as b on a.id = b.uid",
    ),
    Rule(
        code="TQL227",
        title="join by anything but one equality of columns",
        severity="error",
        explanation="ON takes the equality of a column of each source, and both sources need an alias.",
        example="select b.name as name from D as a join U as b on a.id > b.uid",
        find=_condition,
        meant="select b.name as name from D as a join U as b on a.id = b.uid",
    ),
    Rule(
        code="TQL228",
        title="join by columns that are not there, or of two kinds",
        severity="error",
        explanation="The columns of ON have to be in their sources, and both texts or both numbers.",
        example="select b.name as name from D as a join U as b on a.id = b.name",
        find=_joined_columns,
        meant="select b.name as name from D as a join U as b on a.text = b.name",
    ),
    Rule(
        code="TQL309",
        title="two sources with a comma",
        severity="error",
        explanation="FROM a, b puts the first row of a beside the first row of b, and so on; what the shorter one lacks is None.",
        example="select a.id as x, b.name as y from D as a, U as b",
        find=_side_by_side,
        meant="select a.id as x, b.name as y from D as a join U as b on a.id = b.id",
    ),
    Rule(
        code="TQL327",
        title="condition beside a join on a name that both sides have",
        severity="error",
        explanation="In WHERE beside a join `a.id` and `b.id` can be the same column: the rows are not those of the condition. Known with a schema only.",
        example="select a.uid as x from U as a join D as b on a.uid = b.id where a.id > b.id",
        find=_shared_names,
        meant="select x from (select a.uid as x, a.id as y, b.id as z from U as a join D as b on a.uid = b.id) where y > z",
    ),
    Rule(
        code="TQL508",
        title="left or full join",
        severity="warning",
        explanation="The rows of a left or full join that match nothing can fail to be read.",
        example="select a.name as n, b.text as t from U as a left join D as b on a.id = b.id",
        find=_left,
        meant="select a.name as n, b.text as t from U as a join D as b on a.id = b.id",
    ),
    Rule(
        code="TQL516",
        title="join by floats",
        severity="info",
        explanation="Where one column of a join holds a NaN, rows that match are lost; where both do, the engine never ends. Told with a schema, where it is asked for.",
        example="select a.id as x, b.uid as y from N as a join U as b on a.f = b.val",
        find=_floats,
        meant="select a.id as x, b.uid as y from (select * from N where f = f) as a join (select * from U where val = val) as b on a.f = b.val",
        needs_schema=True,
    ),
)

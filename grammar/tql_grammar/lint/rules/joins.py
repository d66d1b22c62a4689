"""Rules about joins, and about several sources in FROM."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tql_grammar import ast
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import bare
from tql_grammar.schema import FLOATS, did_you_mean
from tql_grammar.typing.scopes import expressions
from tql_grammar.walk import own_parts, subselect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from tql_grammar.schema import Column
    from tql_grammar.typing.scopes import SelectScope


def _joins(subject: Subject) -> Iterator[tuple[SelectScope, ast.Join]]:
    """Yield the joins of the query, each with the scope of its SELECT."""
    for scope in subject.scopes:
        if isinstance(scope.select.source, ast.Join):
            yield scope, scope.select.source


def _kind(subject: Subject) -> Iterator[Finding]:
    """Yield joins that the engine does not support."""
    for _, join in _joins(subject):
        if join.kind == "natural":
            yield subject.finding(
                join,
                "the engine rejects this join with `NATURAL JOIN is not supported.`",
                "write JOIN .. ON a.id = b.id",
            )
        if isinstance(join.left, ast.Join) or isinstance(join.right, ast.Join):
            yield subject.finding(
                join,
                "the engine cannot join a third source: it fails with `JOIN columns .. are missing in the dataset.`",
                "put the first join into a subquery: from (select .. from a join b on ..) as c join ..",
            )


def _condition(subject: Subject) -> Iterator[Finding]:
    """Yield join conditions that are not one equality of two columns."""
    for scope, join in _joins(subject):
        test = join.on
        if test is None or join.kind == "cross":
            continue
        if not isinstance(test, ast.Comparison) or test.operator != "=":
            yield subject.finding(
                test,
                "a join takes one equality: the engine fails with `Only equality comparison is supported in join ON condition.`",
                "join on one equality, and write the other conditions in WHERE of an outer query",
            )
        elif not isinstance(test.left, ast.Column) or not isinstance(test.right, ast.Column):
            yield subject.finding(
                test,
                "a join compares two columns: the engine fails with `Only equality comparison between columns is supported in join ON condition.`",
            )
        elif (error := _unresolved(test.left, test.right, _sources(scope, join))) is not None:
            message = f"ON needs a column of each source: the engine fails with `{error}`"
            yield subject.finding(
                test, message, 'write the alias of each source: ".." as a join ".." as b on a.id = b.id'
            )


class Side(NamedTuple):
    """
    One source of a join.

    Attributes:
        alias: its alias, or None.
        columns: its columns, or None if they are unknown.
    """

    alias: str | None
    columns: Mapping[str, Column | None] | None

    def may_be_source_of(self, column: ast.Column) -> bool:
        """Tell whether the engine may read a column of the condition from this source; `_joined_columns` reports a missing one that names its source."""
        if column.table is not None:
            return column.table == self.alias
        return self.columns is None or column.name in self.columns


def _sources(scope: SelectScope, join: ast.Join) -> list[Side]:
    """Return the two sources of a join; none for a join of more sources."""
    sources = (join.left, join.right)
    known = scope.sides if len(scope.sides) == len(sources) else ()
    return [Side(_alias(source), columns) for source, columns in zip(sources, known, strict=False)]


def _unresolved(left: ast.Column, right: ast.Column, sources: list[Side]) -> str | None:
    """
    Return the engine's message for two columns that it does not find in one source each, or None.

    The engine takes one column from the source that it names, and the other from the other source. Where neither names its source, it takes the left one from the only source that has it.
    """
    if not sources or not _are_known(left, right, sources):
        return None
    if all(source.alias is None for source in sources):
        return "FROM datasets should have alias."
    if left.table is None and right.table is None and _is_ambiguous(left, right, sources):
        return f"Could not find column {right.name} in joining datasets."
    if _have_both(left, right, *sources) or _have_both(right, left, *sources):
        return None
    return f"JOIN columns {left.name}, {right.name} are missing in the dataset."


def _have_both(one: ast.Column, other: ast.Column, first: Side, second: Side) -> bool:
    """Tell whether the first source may have one column, and the second source the other."""
    return first.may_be_source_of(one) and second.may_be_source_of(other)


def _are_known(left: ast.Column, right: ast.Column, sources: list[Side]) -> bool:
    """Tell whether the columns name no other source; `_joined_columns` reports an unknown alias."""
    return {left.table, right.table} <= {None, *(source.alias for source in sources)}


def _is_ambiguous(left: ast.Column, right: ast.Column, sources: list[Side]) -> bool:
    """Tell whether both sources have the left one of two columns that name no source."""
    owners = [source for source in sources if source.columns is not None and left.name in source.columns]
    return left.name == right.name or len(owners) == len(sources)


def _using(subject: Subject) -> Iterator[Finding]:
    """Yield USING in a join of a source without an alias."""
    for _, join in _joins(subject):
        if join.using is not None and not all(_alias(side) for side in (join.left, join.right)):
            message = "both sources of a join need an alias, with USING too: the engine fails with `JOIN columns .. are missing in the dataset.`"
            yield subject.finding(join.using, message, 'add the aliases: ".." as a join ".." as b using (id)')


def _alias(source: ast.Source) -> str | None:
    """Return the alias of a source."""
    return source.alias if isinstance(source, (ast.Table, ast.Derived)) else None


def _joined_columns(subject: Subject) -> Iterator[Finding]:
    """Yield join columns that do not exist, and join conditions between text and numbers."""
    for scope, join in _joins(subject):
        test = join.on or join.using
        columns = _compared_columns(join)
        missing = [(column, found) for column in columns if (found := _missing(column, scope)) is not None]
        if join.using is not None:  # the engine names the first source that lacks it
            missing = missing[:1]
        for column, found in missing:
            yield subject.finding(column, *found)
        if test is not None and not missing and _mix_text_and_other(columns, scope):
            yield subject.finding(
                test,
                "one column is text and the other is not: the engine fails with `Can't join text tensor with non-text tensor.`",
            )


def _compared_columns(join: ast.Join) -> list[ast.Column]:
    """Return the columns of ON; for USING the column of each source that has an alias."""
    if isinstance(join.using, ast.Column):
        aliases = (_alias(side) for side in (join.left, join.right))
        return [join.using.replace(table=alias) for alias in aliases if alias is not None]
    return [part for part in own_parts(join.on) if isinstance(part, ast.Column)] if join.on is not None else []


def _mix_text_and_other(columns: list[ast.Column], scope: SelectScope) -> bool:
    """Tell whether one of two columns is known to be text, and the other one is known not to be."""
    kinds = [found.is_text for column in columns if (found := scope.column(column)) is not None]
    return len(kinds) == len(("left", "right")) and kinds[0] != kinds[1]


def _missing(column: ast.Column, scope: SelectScope) -> tuple[str, str] | None:
    """Return the message and the hint for a column that is known not to exist, else None."""
    if column.table is not None and column.table not in scope.aliases:
        message = f"no source has the alias `{column.table}`: the engine fails with `Dataset alias {column.table} in expression .. is not found.`"
        return message, f"the aliases are {', '.join(scope.aliases)}"
    known = scope.aliases.get(column.table or "")
    if known is None or column.name in known:
        return None
    message = f"`{column.table}` has no column `{column.name}`: the engine fails with `JOIN column {column.name} is missing in the dataset {column.table}.`"
    return message, did_you_mean(column.name, known)


def _outer(subject: Subject) -> Iterator[Finding]:
    """Yield outer joins, of which reading a row without a match can fail: all but a right join that reads its right source only."""
    for scope, join in _joins(subject):
        if join.kind in {"left", "full"} or (join.kind == "right" and _reads_left(scope, join)):
            message = "if a row has no match, reading the other source's columns of it can fail with `IndexError: Index .. is out of range`"
            yield subject.finding(
                join, message, "write JOIN if every row has a match, or query both sources separately"
            )


def _reads_left(scope: SelectScope, join: ast.Join) -> bool:
    """Tell whether a SELECT reads a column of the left source of its join."""
    left, right = (scope.aliases.get(_alias(side) or "", None) or {} for side in (join.left, join.right))
    read = (part for _, node in expressions(scope.select) for part in own_parts(node))
    return any(
        isinstance(part, ast.Star)
        or (isinstance(part, ast.Column) and _is_of_left(part, join, left.keys() - right.keys()))
        for part in read
    )


def _is_of_left(column: ast.Column, join: ast.Join, only_left: AbstractSet[str]) -> bool:
    """Tell whether a column is one of the left source."""
    return column.name in only_left if column.table is None else column.table == _alias(join.left)


def _nullable_sides(subject: Subject) -> Iterator[tuple[ast.Column, Column]]:
    """Yield the columns of join conditions that can be null in their source, with their types."""
    for scope, join in _joins(subject):
        test = join.on
        for side in (test.left, test.right) if isinstance(test, ast.Comparison) else ():
            column = _of_source(side, _sources(scope, join))
            if isinstance(side, ast.Column) and column is not None and column.nullable and not column.inferred:
                yield side, column


def _of_source(node: ast.Expression, sources: list[Side]) -> Column | None:
    """Return the type of a column of a join condition in its source, which does not have the nulls of an outer join."""
    known = (
        source.columns.get(node.name)
        for source in sources
        if isinstance(node, ast.Column) and source.columns is not None and node.table in {None, source.alias}
    )
    return next(filter(None, known), None)


def _null_numbers(subject: Subject) -> Iterator[Finding]:
    """Yield joins on numbers that can be null."""
    for side, column in _nullable_sides(subject):
        if column.is_number:
            message = f"`{subject.written(side)}` can be null: the engine fails with `Can't convert array to scalar in ORDER/SAMPLE/GROUP expressions.`"
            hint = f"filter null out of the source, in a subquery with where {side.name} is not null"
            yield subject.finding(side, message, hint)


def _null_texts(subject: Subject) -> Iterator[Finding]:
    """Yield joins on text columns that can be null."""
    for side, column in _nullable_sides(subject):
        if column.is_text:
            name = subject.written(side)
            message = f"`{name}` can be null, which the engine reads as the empty string: null matches null and ''"
            hint = f"filter null out of the source, in a subquery with where {side.name} is not null"
            yield subject.finding(side, message, hint)


def _shared_names(subject: Subject) -> Iterator[Finding]:
    """Yield names in the WHERE of a join that both sources have."""
    for scope, _ in _joins(subject):
        for part in () if scope.select.where is None else own_parts(scope.select.where):
            if isinstance(part, ast.Column) and part.table is not None and part.name in scope.ambiguous:
                message = f"both sources have a column `{part.name}`, and WHERE in the SELECT of the join reads one of them for both"
                hint = "give the columns aliases in a subquery: select * from (select a.id as x, b.id as y from .. join ..) where .."
                yield subject.finding(part, message, hint)


def _side_by_side(subject: Subject) -> Iterator[Finding]:
    """Yield FROM with a comma."""
    for scope in subject.scopes:
        if isinstance(scope.select.source, ast.Zip):
            message = (
                "the engine pairs the rows of the sources by row number: this is neither a cross product nor a join"
            )
            yield subject.finding(scope.select.source, message, 'write ".." as a join ".." as b on a.id = b.id')


def _stars(subject: Subject) -> Iterator[Finding]:
    """Yield stars with an alias in a query of several sources."""
    for scope in subject.scopes:
        if not isinstance(scope.select.source, (ast.Join, ast.Zip)) or scope.ambiguous:
            continue
        stars = [star for star in map(bare, scope.select.columns) if isinstance(star, ast.Star)]
        for star in stars if len(stars) == 1 and stars[0].table is not None else ():
            message = f"`{star.table}.*` returns the columns of all sources, not only those of `{star.table}`"
            yield subject.finding(star, message, f"name the columns: {star.table}.id as id, ..")


def _floats(subject: Subject) -> Iterator[Finding]:
    """Yield joins on float columns, which may contain NaN."""
    for scope, join in _joins(subject):
        test = join.on
        for side in (test.left, test.right) if isinstance(test, ast.Comparison) else ():
            column = scope.column(side)
            source = next(
                (part for part in (join.left, join.right) if _alias(part) == getattr(side, "table", "")), None
            )
            if column is not None and column.dtype in FLOATS and not _filters_nan(source, side):
                message = "if it contains NaN the join loses rows, and if both columns do, the query hangs"
                name = subject.written(side)
                hint = "filter NaN out of both sources: join (select * from .. where x = x) as b"
                yield subject.finding(side, f"`{name}` is {column.dtype}: {message}", hint)


def _filters_nan(source: ast.Source | None, column: ast.Expression) -> bool:
    """Tell whether a subquery keeps only the rows in which a column equals itself."""
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
        explanation="The engine rejects NATURAL JOIN, and a join of more than two sources.",
        example="select name from D natural join U",
        find=_kind,
        meant="select b.name as name from D as a join U as b on a.id = b.uid",
    ),
    Rule(
        code="TQL227",
        title="join condition that is not one equality of columns",
        severity="error",
        explanation="ON takes one equality between a column of each source. Where a source has no alias, the engine takes the column without one from that source; at least one source needs an alias, and with USING both do.",
        example="select b.name as name from D as a join U as b on a.id > b.uid",
        find=lambda subject: (*_condition(subject), *_using(subject)),
        meant="select b.name as name from D as a join U as b on a.id = b.uid",
    ),
    Rule(
        code="TQL228",
        title="join on unknown columns, or on text and a number",
        severity="error",
        explanation="The columns of ON must exist in their sources, and must be both text or both numbers; with USING both sources must have the column.",
        example="select b.name as name from D as a join U as b on a.id = b.name",
        find=_joined_columns,
        meant="select b.name as name from D as a join U as b on a.text = b.name",
    ),
    Rule(
        code="TQL309",
        title="two sources separated by a comma",
        severity="error",
        explanation="FROM a, b pairs the first row of a with the first row of b, the second with the second, and so on; the shorter source is filled with None.",
        example="select a.id as x, b.name as y from D as a, U as b",
        find=_side_by_side,
        meant="select a.id as x, b.name as y from D as a join U as b on a.id = b.id",
    ),
    Rule(
        code="TQL366",
        title="star with an alias in a join",
        severity="error",
        explanation="In a query of several sources `a.*` returns the columns of all of them, as `*` does. Name the columns. With one source `a.*` are its columns.",
        example="select b.* from (select id as k from D) as a join U as b on a.k = b.uid",
        find=_stars,
        meant="select b.uid as uid, b.id as id, b.name as name, b.val as val from (select id as k from D) as a join U as b on a.k = b.uid",
    ),
    Rule(
        code="TQL327",
        title="condition on a column that both sources of a join have",
        severity="error",
        explanation="In WHERE in the SELECT of a join, `a.id` and `b.id` can both read the same column, and the query returns wrong rows. Reported only with a schema.",
        example="select a.uid as x from U as a join D as b on a.uid = b.id where a.id > b.id",
        find=_shared_names,
        meant="select x from (select a.uid as x, a.id as y, b.id as z from U as a join D as b on a.uid = b.id) where y > z",
    ),
    Rule(
        code="TQL256",
        title="join on a number that can be null",
        severity="error",
        explanation="The engine rejects a join on a nullable number, unless a subquery filters null out. Reported only with a schema.",
        example="select a.id as x, b.id as y from D as a join U as b on a.nul = b.id",
        find=_null_numbers,
        meant="select a.id as x, b.id as y from (select * from D where nul is not null) as a join U as b on a.nul = b.id",
        needs_schema=True,
    ),
    Rule(
        code="TQL355",
        title="join on a text column that can be null",
        severity="error",
        explanation="In a join the engine reads a null of a text column as the empty string: null matches null, and ''. Reported only with a schema.",
        example="select a.id as x, b.id as y from D as a join D as b on a.ntext = b.ntext",
        find=_null_texts,
        meant="select a.id as x, b.id as y from (select * from D where ntext is not null) as a join (select * from D where ntext is not null) as b on a.ntext = b.ntext",
        needs_schema=True,
    ),
    Rule(
        code="TQL508",
        title="outer join",
        severity="warning",
        explanation="Reading a row of a left or full join that has no match can fail, and so can reading the left source of a right join, in any clause.",
        example="select a.name as n, b.text as t from U as a left join D as b on a.id = b.id",
        find=_outer,
        meant="select a.name as n, b.text as t from U as a join D as b on a.id = b.id",
    ),
    Rule(
        code="TQL516",
        title="join on float columns",
        severity="info",
        explanation="If one column of a join contains NaN, matching rows are lost; if both do, the query hangs. Reported only with a schema, with the severity info.",
        example="select a.id as x, b.uid as y from N as a join U as b on a.f = b.val",
        find=_floats,
        meant="select a.id as x, b.uid as y from (select * from N where f = f) as a join (select * from U where val = val) as b on a.f = b.val",
        needs_schema=True,
    ),
)

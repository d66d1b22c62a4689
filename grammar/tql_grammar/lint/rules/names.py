"""Rules about names: columns and aliases that a clause does not see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.edits import wrapped
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import written_names
from tql_grammar.schema import did_you_mean
from tql_grammar.suggestions import nearest
from tql_grammar.typing.scopes import expressions
from tql_grammar.walk import own_parts, subselect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tql_grammar.record import Record
    from tql_grammar.typing.scopes import SelectScope


def columns_read(node: Record) -> Iterator[ast.Column]:
    """Yield the columns that an expression reads, without those of its subqueries."""
    stack: list[object] = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Column):
            yield part
        elif isinstance(part, ast.Node) and not isinstance(part, ast.Query):
            stack.extend(reversed([getattr(part, field) for field in part._fields]))
        elif isinstance(part, tuple):
            stack.extend(reversed(part))


def _source_names(source: ast.Source | None) -> set[str]:
    """Return the known output names of the subquery in FROM."""
    inner = subselect(source)
    return set() if inner is None else written_names(inner.columns)


def _own_aliases(select: ast.Select) -> set[str]:
    """Return the aliases of a SELECT, without those that are also a known or probable column of its source."""
    aliased = [output for output in select.columns if isinstance(output, ast.Aliased)]
    if not aliased:
        return set()
    read = {column.name for output in aliased for column in columns_read(output.expression)}
    return (
        {output.alias for output in aliased}
        - read
        - _source_names(select.source)
        - {output.name for output in select.columns if isinstance(output, ast.Column)}
    )


def _clauses(select: ast.Select) -> Iterable[tuple[str, Record]]:
    """Return the expressions of the clauses that see the columns of the source only, each with the name of its clause."""
    return ((clause, node) for clause, node in expressions(select) if clause != "SELECT")


def _alias_in_own_select(subject: Subject) -> Iterator[Finding]:
    """Yield the uses of an alias in the SELECT that defines it."""
    for scope in subject.scopes:
        select = scope.select
        aliases = _own_aliases(select) - set(scope.columns or ())
        for clause, node in _clauses(select) if aliases else ():
            for column in columns_read(node):
                if column.table is None and column.name in aliases and column.span is not None:
                    message = f'`{column.name}` is an alias of this SELECT, and {clause} sees only the columns of the source: the engine fails with `Tensor "{column.name}" does not exist in the dataset.`'
                    hint = f"put {clause} in an outer query: select * from (select .. as {column.name} from ..) {clause.lower()} .."  # noqa: S608 - advice
                    fix = wrapped(subject.text, select, select.order_by[0]) if _is_only_key(node, select) else None
                    yield Finding(column.span, message, hint, fix)


def _is_only_key(node: Record, select: ast.Select) -> bool:
    """Tell whether a node is the only ORDER BY key and can move to an outer query: the SELECT outputs every column that it reads."""
    if len(select.order_by) != 1 or node is not select.order_by[0] or select.group_by:
        return False
    return {column.name for column in columns_read(node)} <= written_names(select.columns)


def _unknown_alias(subject: Subject) -> Iterator[Finding]:
    """Yield columns qualified by an alias that no source has."""
    for scope, part in subject.parts(ast.Column, ast.Star):
        table = part.table
        if table is not None and table not in scope.aliases:
            known = ", ".join(scope.aliases)
            hint = f"the aliases are {known}" if known else f'give the source this alias: from ".." as {table}'
            if isinstance(part, ast.Column) and not known:
                hint = f"a key of a JSON column is {table}['{part.name}']; for a column of a source {hint}"
            written = subject.written(part)
            yield subject.finding(
                part,
                f"no source has the alias `{table}`: the engine fails with `Dataset alias {table} in expression {written} is not found.`",
                hint,
            )


def _qualified(subject: Subject) -> Iterator[Finding]:
    """Yield outputs with the alias of a single source, in a sorted SELECT without a limit."""
    for select in subject.selects:
        sorted_only = select.order_by and not select.group_by and not _is_limited(select)
        part = _with_alias(select) if sorted_only else None
        if part is not None:
            message = f"with ORDER BY and without LIMIT the engine does not know the alias of a single source among the outputs: it fails with `Dataset alias {part.table} in expression .. is not found.`"
            yield subject.finding(part, message, f"write {part.name} without the alias")


def _with_alias(select: ast.Select) -> ast.Column | None:
    """Return the first column among the outputs that has the alias of the single source, or None."""
    alias = getattr(select.source, "alias", None)
    parts = (part for output in select.columns for part in own_parts(output) if isinstance(part, ast.Column))
    return next((part for part in parts if alias is not None and part.table == alias), None)


def _is_limited(select: ast.Select) -> bool:
    """Tell whether a SELECT has TOP, or LIMIT with a count or an offset; LIMIT ALL has none."""
    limit = select.limit
    return select.top is not None or (limit is not None and (limit.count is not None or limit.offset is not None))


def _unknown_column(subject: Subject) -> Iterator[Finding]:
    """Yield the names of columns that the source does not have."""
    for _, scope, clause, whole, column in subject.places(ast.Column):
        seen = scope.columns if column.table is None else scope.aliases.get(column.table)
        if seen is None or column.name in seen:
            continue
        own = clause != "SELECT" and column.table is None and column.name in _own_aliases(scope.select)
        if not own:
            message = f'no column `{column.name}`: the engine fails with `Tensor "{column.name}" does not exist in the dataset.`'
            as_text = _is_compared_with_text(scope, whole, column)
            yield subject.finding(column, message, _meant(subject, column, seen, as_text=as_text))


def _is_compared_with_text(scope: SelectScope, whole: ast.Node, column: ast.Column) -> bool:
    """Tell whether a name is compared with a column of texts or of class labels."""
    for part in own_parts(whole):
        if isinstance(part, ast.Comparison) and any(side is column for side in (part.left, part.right)):
            other = part.left if part.right is column else part.right
            found = scope.column(other) if isinstance(other, ast.Column) else None
            return found is not None and (found.is_text or found.is_label)
    return False


def _meant(subject: Subject, column: ast.Column, seen: Iterable[str], *, as_text: bool) -> str:
    """Return the hint for an unknown column; a name in double quotes, or compared with a text, may be meant as a string literal."""
    hint = did_you_mean(column.name, seen)
    quoted = (subject.written(column).startswith('"') or as_text) and column.table is None
    literal = column.name.replace("'", "''")
    return f"a string takes single quotes: '{literal}'; for a column, {hint}" if quoted else hint


def _unknown_key(subject: Subject) -> Iterator[Finding]:
    """Yield keys of JSON that are similar to a known key of the column, and are none themselves."""
    for place in subject.places(ast.Subscript):
        node, column = place.part, place.scope.column(place.part.operand)
        key = node.indices[0] if node.is_keyed else None
        if column is None or not isinstance(key, ast.String) or key.value in column.keys:
            continue
        near = nearest(key.value, column.keys)
        if near is not None:
            written = subject.written(node.operand)
            message = f"the rows whose keys the schema has from {written} have no {key.value!r}"
            yield subject.finding(node, message, f"did you mean {near!r}?")


def _ambiguous(subject: Subject) -> Iterator[Finding]:
    """Yield unqualified names, and ``*``, where several joined sources have a column of the name."""
    for scope in subject.scopes:
        if isinstance(scope.select.source, ast.Join):
            same = _same(scope.select.source)
            for clause, node in expressions(scope.select):
                names = scope.ambiguous - (same if _reads_either(clause, scope.select) else frozenset())
                yield from _ambiguous_parts(subject, scope, node, names)


def _ambiguous_parts(subject: Subject, scope: SelectScope, node: ast.Node, names: frozenset[str]) -> Iterator[Finding]:
    """Yield unqualified names that are among *names*, and ``*``, in an expression of a join."""
    for part in own_parts(node):
        if isinstance(part, ast.Column) and part.table is None and part.name in names:
            message = f"several sources have a column `{part.name}`: the engine fails with `Column {part.name} appears in multiple datasets aliases`"
            yield subject.finding(part, message, f"qualify it: {next(iter(scope.aliases), 'a')}.{part.name}")
        elif isinstance(part, ast.Star) and scope.ambiguous:
            shared = ", ".join(sorted(scope.ambiguous))
            message = f"several sources have the columns {shared}, so `*` is ambiguous: the engine fails with `Tensor '..' appears in multiple input datasets.`"
            yield subject.finding(part, message, "name the columns: a.id as x, b.id as y")


def _same(join: ast.Join) -> frozenset[str]:
    """Return the name of the column that a join has on both sides of its condition, ``on a.id = b.id``."""
    test = join.on
    sides = (test.left, test.right) if isinstance(test, ast.Comparison) else (join.using,)
    names = {part.name if isinstance(part, ast.Column) else "" for part in sides}
    return frozenset(names) if len(names) == 1 else frozenset()


def _reads_either(clause: str, select: ast.Select) -> bool:
    """Tell whether the engine reads the unqualified column of a join's condition in a clause: in WHERE, or in a SELECT that neither filters nor groups."""
    return not select.group_by and (select.where is None or clause == "WHERE")


RULES = (
    Rule(
        code="TQL254",
        title="alias of a single source in a sorted SELECT without LIMIT",
        severity="error",
        explanation="`select u.id as x from .. as u order by ..` fails without LIMIT: the engine does not find the alias of the source. The name of the column alone works, and so does a LIMIT.",
        example="select u.id as x from D as u order by u.grp",
        find=_qualified,
        meant="select id as x from D as u order by u.grp",
    ),
    Rule(
        code="TQL213",
        title="unknown alias of a source",
        severity="error",
        explanation="`a.id` needs a source with the alias a; the engine rejects the query.",
        example="select d.id from D",
        find=_unknown_alias,
        meant="select d.id from D as d",
    ),
    Rule(
        code="TQL215",
        title="column that does not exist",
        severity="error",
        explanation="Column names are case-sensitive, and a subquery has only the columns that it selects. The engine rejects the query. Reported only with a schema.",
        example="select ID from D",
        find=_unknown_column,
        meant="select id from D",
    ),
    Rule(
        code="TQL542",
        title="key of JSON that is similar to a known key",
        severity="warning",
        explanation="A key that no row has matches nothing, without an error. `tql schema` writes the keys of the first 20 rows to the schema; another key is reported if it is similar to one of them. Reported only with a schema that has keys.",
        example="select id from D where js['kk'] = 2",
        find=_unknown_key,
        meant="select id from D where js['k'] = 2",
        needs_schema=True,
    ),
    Rule(
        code="TQL216",
        title="ambiguous column of a join",
        severity="error",
        explanation="A column name that several joined sources have must be qualified with an alias, and `*` is rejected. Reported only with a schema.",
        example="select id from D as a join U as b on a.id = b.uid",
        find=_ambiguous,
        meant="select a.id as id from D as a join U as b on a.id = b.uid",
    ),
    Rule(
        code="TQL210",
        title="alias used in its own SELECT",
        severity="error",
        explanation="WHERE, ORDER BY and GROUP BY see the columns of the source, not the aliases of the same SELECT. The engine rejects the query, or reads a source column of the same name.",
        example="select id + 1 as next from D order by next",
        find=_alias_in_own_select,
        meant="select * from (select id + 1 as next from D) order by next",
    ),
)

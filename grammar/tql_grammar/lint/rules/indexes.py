"""Rules about conditions and sort keys for which the engine uses an index and fails, or returns wrong rows. All need a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.functions import ELEMENTWISE, INDEXED, PLACES, QUANTIFIERS, REDUCTIONS, SEARCHES
from tql_grammar.lint.edits import followed, wrapped
from tql_grammar.lint.reads import WORD, has_word
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import bare, output_name
from tql_grammar.walk import own_parts, subselect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.schema import Column
    from tql_grammar.typing.scopes import SelectScope

# With LIMIT and WHERE, as many rows are sorted by the index; fewer are read.
BY_INDEX = 10
# IN is right with so many numbers, whatever they are.
MOST_MEMBERS = 2
# The reductions to a number or a bool that the engine does not rank by an index.
REDUCED = REDUCTIONS - INDEXED.keys()


def _derived_rows(subject: Subject) -> Iterator[Finding]:
    """Yield conditions on indexed columns of subqueries and joins, whose rows are not those of the dataset."""
    for scope in subject.scopes:
        if not scope.changed or scope.select.where is None:
            continue
        for part in own_parts(scope.select.where):
            operand = _of_index(part)
            column = scope.column(operand)
            if operand is not None and column is not None and _uses_index(part, column):
                message = "the engine evaluates this condition with the dataset's index, whose row numbers do not match the rows of the subquery: it returns wrong rows"
                first = "write the literal first: 3 = x"
                other = f"write {subject.written(operand)} like '*word*'"
                hint = f"move the condition into the innermost SELECT, or {other if isinstance(part, ast.Function) else first}"
                yield subject.finding(part, message, hint)


def _of_index(part: ast.Node) -> ast.Expression | None:
    """Return the operand of a condition that the engine may evaluate with an index, or None."""
    if isinstance(part, ast.Comparison):
        return None if isinstance(part.left, (ast.Number, ast.String)) else part.left
    if isinstance(part, (ast.In, ast.Between)):
        return part.operand
    is_call = isinstance(part, ast.Function) and part.name.lower() == "contains" and bool(part.arguments)
    return part.arguments[0] if is_call else None  # type: ignore[attr-defined]  # a call


def _uses_index(part: ast.Node, column: Column) -> bool:
    """Tell whether the engine evaluates a condition with an index of the column."""
    if isinstance(part, ast.Function):
        return column.is_text and column.is_indexed
    if column.is_number:
        return "inverted" in column.indexes
    return "exact" in column.indexes and not isinstance(part, ast.Between)


def _whole_words(subject: Subject) -> Iterator[Finding]:
    """Yield CONTAINS of a text on an indexed column of a dataset."""
    for scope, node in subject.parts(ast.Function):
        operand = _of_index(node)
        if operand is not None and not scope.changed and _searches_words(node, scope.column(operand)):
            message = "the column has a text index, with which CONTAINS finds the rows with one of the words, in any case, or with an exact index those that equal the string: a part of a word is not found"
            written = subject.written(operand)
            yield subject.finding(node, message, f"for a part of the text write {written} like '*part*'")


def _searches_words(call: ast.Function, column: Column | None) -> bool:
    """Tell whether CONTAINS of a string with a word reads a text by its index."""
    words = next((part for part in call.arguments[1:] if isinstance(part, ast.String)), None)
    by_index = column is not None and column.is_text and column.is_indexed
    return by_index and words is not None and has_word(words.value)


def _empty_text(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of a text column that has an exact index with the empty string."""
    for scope, node in subject.parts(ast.Comparison):
        empty = node.right == ast.String("") and node.operator in {"=", "!="}
        if empty and _is_exact_text(scope, node.left):
            message = (
                "the column has an exact text index, with which a comparison with the empty string returns wrong rows"
            )
            yield subject.finding(node, message, "write the literal first: '' = x")
    for scope, test in subject.parts(ast.In):
        members = () if isinstance(test.members, ast.Query) else test.members
        if ast.String("") in members and _is_exact_text(scope, test.operand):
            message = "the column has an exact text index, with which IN never finds the empty string"
            yield subject.finding(test, message, "write '' = x or x in (..)")


def _is_exact_text(scope: SelectScope, node: ast.Expression) -> bool:
    """Tell whether a node is a text column with an exact index."""
    column = scope.column(node)
    return column is not None and column.is_text and "exact" in column.indexes


def _unequal(subject: Subject) -> Iterator[Finding]:
    """Yield ``!=`` on indexed numbers."""
    for scope, node in subject.parts(ast.Comparison):
        if isinstance(node, ast.Comparison) and node.operator == "!=":
            column = scope.column(node.left)
            if column is not None and column.is_number and "inverted" in column.indexes:
                written = subject.written(node.left)
                message = "the column has an inverted index, with which != is false for every row"
                yield subject.finding(node, message, f"write NOT ({written} = ..)")


def _dropped_members(subject: Subject) -> Iterator[Finding]:
    """Yield IN with more than two numbers on an indexed number."""
    for scope, node in subject.parts(ast.In):
        column = scope.column(node.operand)
        several = not isinstance(node.members, ast.Query) and len(set(node.members)) > MOST_MEMBERS
        if several and column is not None and column.is_number and "inverted" in column.indexes:
            written = subject.written(node.operand)
            message = "the column has an inverted index: if it has few different values, IN ignores every number after one that no row has, or that is smaller than the one before"
            yield subject.finding(node, message, f"write {written} = 1 or {written} = 2")


def _keys_with_limit(subject: Subject) -> Iterator[tuple[SelectScope, ast.Limit | None, ast.Order]]:
    """Yield the first ORDER BY key of each SELECT with LIMIT or TOP."""
    for scope in subject.scopes:
        limit = scope.select.limit
        if scope.select.top is not None or (limit is not None and limit.count is not None):
            yield from ((scope, limit, key) for key in scope.select.order_by[:1])


def _ordered_index(subject: Subject) -> Iterator[Finding]:
    """Yield ORDER BY an indexed column in a SELECT with LIMIT or TOP, and without WHERE."""
    message = (
        "with LIMIT in the same SELECT the engine sorts by the column's index, and fails with `Can't eval null array`"
    )
    return _ordered(subject, message, after_where=False)


def _ordered_filtered(subject: Subject) -> Iterator[Finding]:
    """Yield ORDER BY an indexed column in a SELECT with LIMIT or TOP, and with WHERE."""
    message = f"with LIMIT in the same SELECT the engine sorts by the column's index if WHERE leaves {BY_INDEX} rows or more, and fails with `Can't eval null array`"
    return _ordered(subject, message, after_where=True)


def _ordered(subject: Subject, message: str, *, after_where: bool) -> Iterator[Finding]:
    """Yield the sort keys that are indexed columns, in a SELECT with LIMIT or TOP."""
    for scope, limit, key in _keys_with_limit(subject):
        column = of_dataset(subject, scope, bare(key)) if after_where is (scope.select.where is not None) else None
        if column is not None and _sorts_by_index(column):
            hint = "put LIMIT in an outer query: select * from (select .. order by x) limit 10"
            outer = (
                None if limit is None or scope.select.top is not None else wrapped(subject.text, scope.select, limit)
            )
            yield subject.finding(key, message, hint, outer)


def _sorts_by_index(column: Column) -> bool:
    """Tell whether the engine sorts by an index of the column: of a number, or of an exact text."""
    return (column.is_number and "inverted" in column.indexes) or (column.is_text and "exact" in column.indexes)


def of_dataset(subject: Subject, scope: SelectScope, node: ast.Node) -> Column | None:
    """Return the column of a dataset that a node names, through subqueries that rename it, or None."""
    column = scope.column(node)
    while column is not None and not column.indexes and isinstance(node, ast.Column):
        inner = subselect(scope.select.source)
        found = None if inner is None or inner.group_by else output_of(inner, node.name)
        below = next((part for part in subject.scopes if part.select is inner), None)
        if found is None or below is None:
            return column
        scope, node, column = below, found, below.column(found)
    return column


def output_of(select: ast.Select, name: str) -> ast.Expression | None:
    """Return the expression of an output by its name; a column of `*` is itself."""
    named = (bare(output) for output in select.columns if output_name(output) == name)
    starred = any(isinstance(output, ast.Star) for output in select.columns)
    found = next(named, ast.Column(name) if starred else None)
    return found if isinstance(found, ast.Expression) else None


def _reduced_key(subject: Subject) -> Iterator[Finding]:
    """Yield ORDER BY a function of an indexed number, or a reduction of an embedding, in a SELECT with LIMIT."""
    for scope, _, key in _keys_with_limit(subject):
        call, below = subject.computed(key.expression, scope)
        if isinstance(call, ast.Function) and (_reduces_embedding(call, below) or _computes_indexed(call, below)):
            message = "with LIMIT in the same SELECT the engine sorts by the index of the column, and rejects this key: `Function .. requires 2 arguments, but 1 is provided.`"
            node = key.expression
            fix = followed(node, " + 0", ast.Chain(("+",), (node, ast.Number(0))))
            yield subject.finding(node, message, f"write {subject.written(node)} + 0", fix)


def _computes_indexed(call: ast.Function, scope: SelectScope) -> bool:
    """Tell whether a call of one argument reads a number with an inverted index."""
    found = [column for part in own_parts(call) if (column := scope.column(part)) is not None]
    indexed = any(column.is_number and "inverted" in column.indexes for column in found)
    return indexed and call.name.lower() in ELEMENTWISE | REDUCTIONS | PLACES


def _reduces_embedding(call: ast.Function, scope: SelectScope) -> bool:
    """Tell whether a call reduces an embedding, or two of them, to one number."""
    # DATA is the same vector for each row.
    constant = sum(isinstance(part, ast.Function) and part.name.lower() == "data" for part in own_parts(call))
    found = (scope.column(part) for part in own_parts(call))
    count = sum(column is not None and column.kind == "embedding" for column in found) - constant
    name = call.name.lower()
    return (count > 0 and _is_reduction(call)) or (count > 1 and name in SEARCHES | INDEXED.keys())


def _is_reduction(call: ast.Function) -> bool:
    """Tell whether a call reduces its argument, and not ANY or ALL along an axis."""
    name = call.name.lower()
    return name in REDUCED and not (name in QUANTIFIERS and len(call.arguments) > 1)


RULES = (
    Rule(
        "TQL238",
        "ORDER BY an indexed number or exact text with LIMIT",
        "error",
        "With LIMIT or TOP in the same SELECT, the engine sorts by the index of a number, or by the exact index of a text, and the query fails; also if subqueries rename the column. About WHERE in the same SELECT see TQL529.",
        "select id from X order by num limit 3",
        _ordered_index,
        "select * from (select id from X order by num) limit 3",
        needs_schema=True,
    ),
    Rule(
        "TQL529",
        "ORDER BY an indexed number or exact text with LIMIT and WHERE",
        "warning",
        "With LIMIT or TOP in the same SELECT, the engine sorts by the index of a number, or by the exact index of a text, if WHERE in that SELECT leaves 10 rows or more, and the query fails; with fewer it runs.",
        "select id from X where id > 3 order by num limit 3",
        _ordered_filtered,
        "select * from (select id from X where id > 3 order by num) limit 3",
        needs_schema=True,
    ),
    Rule(
        "TQL239",
        "function of an indexed column as a sort key with LIMIT",
        "error",
        "With LIMIT or TOP in the same SELECT, the engine rejects these sort keys: SUM, PROD, AVG, AMIN, AMAX, L1_NORM, LINF_NORM, ANY and ALL of an embedding or a comparison of one, a similarity or distance of two columns, and each function of a number with an inverted index; also if a subquery computes them.",
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
        "TQL543",
        "CONTAINS on an indexed text",
        "warning",
        "On a column with a text index, CONTAINS searches for words: it finds the rows with one of the words of the string, whatever their case, and no part of a word; with an exact index it finds the rows that equal the string. LIKE finds parts of a text with an index too. Reported only with a schema.",
        "select id from X where contains(ti, 'appl')",
        _whole_words,
        "select id from X where ti like '*appl*'",
        needs_schema=True,
        reads=(WORD,),
    ),
    Rule(
        "TQL319",
        "!= on an indexed number",
        "error",
        "On a number with an inverted index, != is false for every row, also with another column on its right.",
        "select id from X where num != 3",
        _unequal,
        "select id from X where not (num = 3)",
        needs_schema=True,
    ),
    Rule(
        "TQL350",
        "IN with more than two numbers on an indexed number",
        "error",
        "On a number with an inverted index and few different values, IN with more than two numbers ignores every one after a number that no row has, or that is smaller than the one before.",
        "select id from N where few in (9, 1, 3)",
        _dropped_members,
        "select id from N where few = 9 or few = 1 or few = 3",
        needs_schema=True,
    ),
    Rule(
        "TQL332",
        "indexed text compared with the empty string",
        "error",
        "On a column with an exact text index, `x = ''` is false for every row, also for empty texts, and IN does not find them.",
        "select id from F where te = ''",
        _empty_text,
        "select id from F where '' = te",
        needs_schema=True,
    ),
)
